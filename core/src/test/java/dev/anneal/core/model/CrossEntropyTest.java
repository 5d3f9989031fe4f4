package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.DecoderConfigParser;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The head's loss, read off its softmax, against closed forms. */
class CrossEntropyTest {
  private static final String CHECK =
      """
        def check(self: __torch__.Program, hidden: Tensor, weight: Tensor, target: Tensor) -> List[Tensor]:
          logits = self.product(hidden, weight)
          loss = self.cross_entropy_(logits, torch.unsqueeze(target, 1), hidden, {"lm_head.weight": weight}, annotate(Dict[str, Tensor], {}))
          return [torch.reshape(loss, [1]), logits]
      """;

  @ParameterizedTest
  @EnumSource(MatrixProducts.class)
  void aLikelyAndAnUnlikelyTarget(MatrixProducts products) throws Exception {
    // logits 2, 0, -1 for both rows
    double sum = Math.exp(2) + 1 + Math.exp(-1);
    double expected = Math.log(sum) - 2 + Math.log(sum) + 1;
    require(products, new float[] {1, 1}, new float[] {2, 0, -1}, new long[] {0, 2}, expected);
  }

  @ParameterizedTest
  @EnumSource(MatrixProducts.class)
  void aTargetTooImprobableForFp32(MatrixProducts products) throws Exception {
    // the first row's target has the probability exp(-250), the second's exp(-200)
    require(
        products, new float[] {1, 1}, new float[] {200, 0, -50}, new long[] {2, 1}, 250.0 + 200.0);
  }

  private static void require(
      MatrixProducts products, float[] hidden, float[] weight, long[] targets, double expected)
      throws Exception {
    DecoderConfig config =
        DecoderConfigParser.parse(
            new ObjectMapper()
                .readTree(
                    """
                    {"model_type": "llama", "vocab_size": 3, "hidden_size": 1,
                     "intermediate_size": 1, "num_hidden_layers": 1, "num_attention_heads": 1,
                     "num_key_value_heads": 1, "head_dim": 2}
                    """),
            "config.json");
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      List<String> parts = new Computation(config, products, LinearHook.none()).texts();
      parts.add(CHECK);
      try (Program program = Program.compile(runtime, parts);
          Tensor rows = runtime.floats(hidden, hidden.length, 1);
          Tensor matrix = runtime.floats(weight, weight.length, 1);
          Tensor target = runtime.longs(targets, targets.length)) {
        List<Tensor> results =
            program.call("check").tensor(rows).tensor(matrix).tensor(target).run();
        assertThat(results.get(0).toDoubles()[0]).isCloseTo(expected, within(1e-5));
        float[] probabilities = results.get(1).toFloats();
        for (int row = 0; row < hidden.length; row++) {
          float total = 0;
          for (int i = 0; i < weight.length; i++) {
            total += probabilities[row * weight.length + i];
          }
          assertThat(total).as("softmax of row %d", row).isCloseTo(1, within(1e-6f));
        }
        results.forEach(Tensor::close);
      }
    }
  }
}
