package dev.anneal.core.peft;

import dev.anneal.core.model.weights.LinearSite;
import java.util.List;

/** Orthogonal fine-tuning by the whole series, and by the number of blocks. */
class OftExactTest extends AdapterMethodContract {
  @Override
  List<String> settings() {
    return List.of(
        "adapter.peft_type=OFT",
        "adapter.r=4",
        "adapter.oft_block_size=0",
        "adapter.use_cayley_neumann=false",
        "adapter.target_modules=[q_proj, down_proj]");
  }

  @Override
  long trainedValues(LinearSite site) {
    long block = site.inFeatures() / 4;
    return site.module().matches(".*(q_proj|down_proj)") ? 4 * block * (block - 1) / 2 : 0;
  }

  /**
   * {@code record_adapter.py OFT r=4 oft_block_size=0 use_cayley_neumann=false
   * 'target_modules=["q_proj","down_proj"]'}
   */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.396312256,
        2.310625623,
        4,
        "base_model.model.model.layers.0.mlp.down_proj.oft_R.weight [4, 55]");
  }
}
