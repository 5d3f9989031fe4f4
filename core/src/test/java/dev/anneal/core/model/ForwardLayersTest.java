package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Hidden states that are open while layers run whose backward nobody asks for. */
class ForwardLayersTest {
  private static final int LAYERS = 12;

  /** Gives each layer a new output, and notes how many tensors are open when it does. */
  private record CountingLayers(TensorRuntime runtime, List<Long> open, int failing)
      implements LayerProgram {
    @Override
    public LayerForward forward(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
      throw new AssertionError("no backward follows");
    }

    @Override
    public Tensor output(LayerWeights layer, Tensor hidden, Map<String, Tensor> context) {
      if (open.size() == failing) {
        throw new IllegalStateException("layer " + failing);
      }
      Tensor output = runtime.floats(new float[] {hidden.toFloats()[0] + 1}, 1);
      open.add(runtime.liveTensors());
      return output;
    }

    @Override
    public Optional<Tensor> backward(
        LayerWeights layer, LayerForward saved, Tensor outputGradient, boolean inputNeeded) {
      throw new AssertionError("no backward follows");
    }
  }

  private static ForwardLayers layers(CountingLayers program) {
    LayerWeights weights = new LayerWeights(Map.of(), new LinkedHashMap<>());
    return new ForwardLayers(program.runtime(), program, Collections.nCopies(LAYERS, weights));
  }

  @Test
  void eachInputIsClosedOnceItIsRead() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      CountingLayers program = new CountingLayers(runtime, new ArrayList<>(), -1);
      Tensor embedded = runtime.floats(new float[] {0}, 1);
      try (Tensor output = layers(program).output(LAYERS, embedded, layer -> Map.of())) {
        assertThat(output.toFloats()).containsExactly(LAYERS);
        assertThat(runtime.liveTensors()).isEqualTo(1);
      }
      assertThat(program.open()).hasSize(LAYERS).containsOnly(2L);
      assertThat(runtime.liveTensors()).isZero();
    }
  }

  @Test
  void noLayersGiveTheInputBack() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      CountingLayers program = new CountingLayers(runtime, new ArrayList<>(), -1);
      Tensor embedded = runtime.floats(new float[] {3}, 1);
      try (Tensor output = layers(program).output(0, embedded, layer -> Map.of())) {
        assertThat(output).isSameAs(embedded);
        assertThat(output.toFloats()).containsExactly(3);
      }
      assertThat(runtime.liveTensors()).isZero();
    }
  }

  @Test
  void aFailedLayerLeavesNothingOpen() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      CountingLayers program = new CountingLayers(runtime, new ArrayList<>(), 5);
      Tensor embedded = runtime.floats(new float[] {0}, 1);
      assertThatThrownBy(() -> layers(program).output(LAYERS, embedded, layer -> Map.of()))
          .hasMessage("layer 5");
      assertThat(runtime.liveTensors()).isZero();
    }
  }
}
