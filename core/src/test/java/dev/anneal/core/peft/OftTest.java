package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import java.util.List;
import org.junit.jupiter.api.Test;

class OftTest extends AdapterMethodContract {
  private static final DecoderLayout LAYOUT = new DecoderLayout(AdaptedModel.MODEL.config());

  @Override
  List<String> settings() {
    return List.of("adapter.peft_type=OFT", "adapter.oft_block_size=4");
  }

  @Override
  long trainedValues(LinearSite site) {
    return site.inFeatures() / 4 * 6;
  }

  /** {@code record_adapter.py OFT r=0 oft_block_size=4 'target_modules="all-linear"'} */
  @Override
  Recorded recorded() {
    return new Recorded(
        5.529578412,
        2.337379440,
        14,
        "base_model.model.model.layers.0.mlp.down_proj.oft_R.weight [11, 6]");
  }

  /** PEFT lays out the same block sizes: OFTLayer.adjust_oft_parameters. */
  @Test
  void takesTheNearestSizeThatDividesOfAFileAndRefusesItInSettings() {
    AdapterMethod method = Methods.of("OFT", "oft_block_size=6");
    assertThat(LAYOUT.sites().stream().map(site -> method.parameters(site).get(0).shape()))
        .filteredOn(shape -> shape.dimensions().get(0) * 5 == 40)
        .as("40 inputs in blocks of 5, 44 in 4s")
        .hasSize(12);
    assertThatThrownBy(() -> method.requireFresh(LAYOUT))
        .hasMessage(
            "Invalid adapter.oft_block_size: 6 (must divide 40, the inputs of"
                + " model.layers.0.self_attn.q_proj, into blocks of at least 2)");
  }

  @Test
  void refusesBothSizesAtOnce() {
    assertThatThrownBy(() -> Methods.of("OFT", "r=4", "oft_block_size=4"))
        .hasMessageContaining(
            "adapter.r: 4 (one of it and adapter.oft_block_size, now 4, must be 0");
  }
}
