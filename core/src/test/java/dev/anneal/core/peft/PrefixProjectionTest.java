package dev.anneal.core.peft;

import java.util.List;

class PrefixProjectionTest extends VirtualTokensContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=PREFIX_TUNING",
        "adapter.num_virtual_tokens=3",
        "adapter.prefix_projection=true",
        "adapter.encoder_hidden_size=10");
  }

  /**
   * {@code record_prompt.py PREFIX_TUNING num_virtual_tokens=3 prefix_projection=true
   * encoder_hidden_size=10}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.175111396,
        39,
        0.172169407,
        5,
        466,
        "prompt_embeddings [3, 32]",
        3.547413178,
        List.of(89, 89, 89, 89, 63, 55, 87, 11));
  }
}
