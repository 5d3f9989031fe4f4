package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.generate.TokenGenerator;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A prefix before several key-value heads, as wide as PEFT lays them out. */
class PrefixHeadsTest {
  /** {@code record_prompt.py --case CASE PREFIX_TUNING num_virtual_tokens=3} */
  @ParameterizedTest
  @CsvSource({
    "llama, 5.359081241, 0.222481080, 9 69 42 40 84 42 11 21",
    "qwen3, 5.455833953, 0.317834461, 22 72 51 69 51 69 51 69"
  })
  void givesWhatPeftGives(String model, double loss, double gradientNorm, String greedy)
      throws IOException {
    Path folder = Path.of("src/test/resources/parity").resolve(model);
    List<TokenRow> rows = rows(folder);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel opened = open(runtime, ModelFolder.open(folder))) {
        AdaptedModel.fill(runtime, opened);
        LossSum sum = opened.model().forwardBackward(MicroBatch.of(rows, 0));
        double squares = 0;
        for (float value : opened.parameters().gradients().toFloats()) {
          squares += (double) value * value;
        }
        assertThat(sum.sum() / sum.targetTokens()).isCloseTo(loss, within(1e-5));
        assertThat(Math.sqrt(squares) / sum.targetTokens())
            .isCloseTo(gradientNorm, within(1e-4 * gradientNorm));
        int[] prompt = Arrays.copyOf(rows.get(0).inputIds(), 5);
        int[] expected = Arrays.stream(greedy.split(" ")).mapToInt(Integer::parseInt).toArray();
        List<int[]> generated =
            new TokenGenerator(opened.model(), opened.config().vocabSize(), 1)
                .generate(List.of(prompt), GenerationSettings.greedy(expected.length, Set.of()), 0);
        assertThat(generated.get(0)).containsExactly(expected);
      }
    }
  }

  private static TrainedModel open(TensorRuntime runtime, ModelFolder folder) {
    AdapterMethod method = Methods.of("PREFIX_TUNING", "num_virtual_tokens=3");
    TrainedModel.Assembly assembly =
        new TrainedModel.Assembly(
            folder,
            TrainedModel.BaseWeights.PRETRAINED,
            Optional.of(method),
            Optional.empty(),
            42,
            true,
            LayerStorage.KEEP);
    return TrainedModel.open(runtime, assembly, 1, 1000);
  }

  private static List<TokenRow> rows(Path folder) throws IOException {
    List<TokenRow> rows = new ArrayList<>();
    JsonNode inputs = new ObjectMapper().readTree(folder.resolve("inputs.json").toFile());
    for (JsonNode row : inputs.get("rows")) {
      int[] ids = ints(row.get("input_ids"));
      rows.add(new TokenRow(ids, ints(row.get("labels")), new int[] {ids.length}));
    }
    return rows;
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }
}
