package dev.anneal.core.peft;

import java.util.List;

class PTuningLstmTest extends VirtualTokensContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=P_TUNING",
        "adapter.num_virtual_tokens=3",
        "adapter.encoder_hidden_size=10",
        "adapter.encoder_reparameterization_type=LSTM");
  }

  /**
   * {@code record_prompt.py P_TUNING num_virtual_tokens=3 encoder_hidden_size=10
   * 'encoder_reparameterization_type="LSTM"'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.273705595,
        41,
        0.865035085,
        21,
        8100,
        "prompt_embeddings [3, 40]",
        5.629348850,
        List.of(58, 58, 81, 58, 20, 58, 58, 58));
  }
}
