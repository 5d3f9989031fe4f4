package dev.anneal.core.model.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.model.config.WeightNames;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ResizedWeightsTest {
  private TensorRuntime runtime;

  @BeforeEach
  void open() {
    runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(1);
  }

  @AfterEach
  void close() {
    runtime.close();
  }

  private float[] opened(String name, long... shape) {
    WeightSource stored =
        (asked, sizes) -> {
          assertThat(sizes).containsExactly(2, 3);
          return runtime.floats(new float[] {1, 2, 3, 5, 6, 8}, sizes);
        };
    WeightSource resized = ResizedWeights.over(runtime, stored, 2);
    try (Tensor tensor = resized.open(name, shape);
        Tensor frozen = resized.openFrozen(name, shape).tensor()) {
      assertThat(frozen.toFloats()).isEqualTo(tensor.toFloats());
      assertThat(tensor.shape()).isEqualTo(shape);
      return tensor.toFloats();
    }
  }

  @Test
  void newRowsAreTheMeanOfTheStored() {
    for (String name : new String[] {WeightNames.EMBED_TOKENS, WeightNames.LM_HEAD}) {
      assertThat(opened(name, 4, 3)).containsExactly(1, 2, 3, 5, 6, 8, 3, 4, 5.5f, 3, 4, 5.5f);
    }
  }

  @Test
  void fewerRowsAreTheFirst() {
    assertThat(opened(WeightNames.EMBED_TOKENS, 1, 3)).containsExactly(1, 2, 3);
  }

  @Test
  void othersAreAsTheyWere() {
    assertThat(opened(WeightNames.EMBED_TOKENS, 2, 3)).containsExactly(1, 2, 3, 5, 6, 8);
    assertThat(opened("model.layers.0.self_attn.q_proj.weight", 2, 3))
        .containsExactly(1, 2, 3, 5, 6, 8);
  }
}
