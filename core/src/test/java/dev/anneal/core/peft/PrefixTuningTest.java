package dev.anneal.core.peft;

import java.util.List;

class PrefixTuningTest extends VirtualTokensContract {
  @Override
  List<String> settings() {
    return List.of("adapter.peft_type=PREFIX_TUNING", "adapter.num_virtual_tokens=3");
  }

  /** {@code record_prompt.py PREFIX_TUNING num_virtual_tokens=3} */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.195924554,
        39,
        0.082629631,
        1,
        96,
        "prompt_embeddings [3, 32]",
        2.090134641,
        List.of(81, 81, 81, 81, 81, 81, 81, 81));
  }
}
