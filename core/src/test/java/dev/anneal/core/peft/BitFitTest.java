package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BitFitTest extends WholeWeightsContract {
  @Override
  List<String> settings() {
    return List.of("adapter.peft_type=BITFIT");
  }

  @Override
  List<String> trained() {
    List<String> names = new ArrayList<>();
    for (int layer : new int[] {0, 1}) {
      for (String module : List.of("q_proj", "k_proj", "v_proj")) {
        names.add("model.layers." + layer + ".self_attn." + module + ".bias");
      }
    }
    return names;
  }

  /** {@code record_adapter.py WEIGHTS '.*bias'} */
  @Override
  Recorded recorded() {
    return new Recorded(5.239071507, 0.699916061);
  }

  @Test
  void refusesAModelWithoutBiases() {
    ModelFolder llama = ModelFolder.open(Path.of("src/test/resources/parity/llama"));
    assertThatThrownBy(() -> Methods.of("BITFIT").requireFresh(new DecoderLayout(llama.config())))
        .hasMessage("Invalid adapter.peft_type: BITFIT (the model has no biases; Qwen2's has)");
  }
}
