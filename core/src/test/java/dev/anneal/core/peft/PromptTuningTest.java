package dev.anneal.core.peft;

import java.util.List;

class PromptTuningTest extends VirtualTokensContract {
  @Override
  List<String> settings() {
    return List.of("adapter.peft_type=PROMPT_TUNING", "adapter.num_virtual_tokens=3");
  }

  /** {@code record_prompt.py PROMPT_TUNING num_virtual_tokens=3} */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.331492054,
        41,
        1.836194613,
        1,
        120,
        "prompt_embeddings [3, 40]",
        2.324115094,
        List.of(36, 36, 94, 36, 36, 36, 36, 36));
  }
}
