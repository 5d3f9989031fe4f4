package dev.anneal.core.peft;

import java.util.List;

class PTuningTest extends VirtualTokensContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=P_TUNING",
        "adapter.num_virtual_tokens=3",
        "adapter.encoder_hidden_size=10");
  }

  /** {@code record_prompt.py P_TUNING num_virtual_tokens=3 encoder_hidden_size=10} */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.345546920,
        41,
        2.097268016,
        7,
        1080,
        "prompt_embeddings [3, 40]",
        3.476045319,
        List.of(89, 81, 81, 89, 33, 87, 11, 55));
  }
}
