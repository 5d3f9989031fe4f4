package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.model.config.AttentionKernel;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.DecoderConfigParser;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our attention against libtorch's own with a mask of all tokens, forward and backward. */
class AttentionTest {
  private static final int HEAD_DIM = 8;
  private static final String CHECK =
      """
        def expected(self: __torch__.Program, q: Tensor, k: Tensor, v: Tensor, dy: Tensor, c: Dict[str, Tensor]) -> List[Tensor]:
          inputs = [torch.detach(q).requires_grad_(True), torch.detach(k).requires_grad_(True), torch.detach(v).requires_grad_(True)]
          heads = torch.size(k, 0)
          n = torch.size(k, 1)
          d = torch.size(k, 2)
          q1 = torch.transpose(torch.reshape(inputs[0], [heads, n, -1, d]), 1, 2)
          groups = torch.size(q1, 1)
          k1 = torch.expand(torch.unsqueeze(inputs[1], 1), [heads, groups, n, d])
          v1 = torch.expand(torch.unsqueeze(inputs[2], 1), [heads, groups, n, d])
          sequence = torch.repeat_interleave(torch.arange(torch.size(c["lengths"], 0)), c["lengths"])
          same = torch.eq(torch.unsqueeze(sequence, 0), torch.unsqueeze(sequence, 1))
          y = torch.scaled_dot_product_attention(q1, k1, v1, torch.tril(same), 0., False, scale=1.)
          y1 = torch.reshape(torch.permute(y, [2, 0, 1, 3]), [n, -1])
          gradients = torch.autograd.grad([y1], inputs, annotate(List[Optional[Tensor]], [dy]))
          result = [torch.detach(y1)]
          for i in range(3):
            result.append(torch._unwrap_optional(gradients[i]))
          return result

        # through the order in which a text wants the heads, and back
        def actual(self: __torch__.Program, q: Tensor, k: Tensor, v: Tensor, dy: Tensor, c: Dict[str, Tensor]) -> List[Tensor]:
          heads = torch.size(k, 0)
          n = torch.size(k, 1)
          d = torch.size(k, 2)
          q0 = torch.permute(torch.reshape(q, [heads, n, -1, d]), [1, 0, 2, 3])
          k0 = torch.permute(torch.reshape(k, [heads, n, 1, d]), [1, 0, 2, 3])
          q1 = self.attention_heads(self.attention_order(q0))
          k1 = self.attention_heads(self.attention_order(k0))
          v1 = self.attention_values(torch.transpose(v, 0, 1))
          kept = self.attend(q1, k1, v1, c)
          dq, dk, dv, = self.attend_backward(q1, k1, v1, dy, kept, c)
          dq1 = torch.reshape(torch.permute(self.heads_gradient(dq, n), [1, 0, 2, 3]), torch.size(q))
          dk1 = torch.reshape(torch.permute(self.heads_gradient(dk, n), [1, 0, 2, 3]), torch.size(k))
          dv1 = torch.transpose(torch.reshape(self.values_gradient(dv, n), [n, heads, d]), 0, 1)
          return [kept[0], dq1, dk1, torch.contiguous(dv1)]
      """;

  @ParameterizedTest
  @CsvSource({
    "ONEDNN, BLOCKS, 4, 2, 300",
    "ONEDNN, BLOCKS, 4, 1, 1 128 129 7",
    "BLAS, BLOCKS, 4, 2, 300",
    "BLAS, BLOCKS, 3, 3, 5 256 1",
    "BY_SHAPE, BLOCKS, 4, 2, 300",
    "BY_SHAPE, BLOCKS, 4, 1, 1 64 65 7 128",
    "BLAS, FLASH_CPU, 4, 2, 300",
    "BLAS, FLASH_CPU, 4, 1, 1 64 65 7 128",
    "BLAS, FLASH_CPU, 3, 3, 5 256 1",
    "BLAS, MATH, 4, 2, 300",
    "BLAS, MATH, 4, 1, 1 64 65 7 128",
  })
  void agreesWithLibtorchForAnyLengths(
      MatrixProducts products,
      AttentionKernel kernel,
      int heads,
      int keyValueHeads,
      String lengths) {
    long[] sequences = Arrays.stream(lengths.split(" ")).mapToLong(Long::parseLong).toArray();
    long n = Arrays.stream(sequences).sum();
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      Random values = new Random(n);
      try (Program program = program(runtime, products, kernel, heads, keyValueHeads);
          Tensor q = random(runtime, values, keyValueHeads, n * heads / keyValueHeads, HEAD_DIM);
          Tensor k = random(runtime, values, keyValueHeads, n, HEAD_DIM);
          Tensor v = random(runtime, values, keyValueHeads, n, HEAD_DIM);
          Tensor dy = random(runtime, values, n, (long) heads * HEAD_DIM);
          Tensor lengthsTensor = runtime.longs(sequences, sequences.length)) {
        Map<String, Tensor> context = Map.of("lengths", lengthsTensor);
        List<List<Tensor>> both =
            List.of(
                program
                    .call("expected")
                    .tensor(q)
                    .tensor(k)
                    .tensor(v)
                    .tensor(dy)
                    .dict(context)
                    .run(),
                program
                    .call("actual")
                    .tensor(q)
                    .tensor(k)
                    .tensor(v)
                    .tensor(dy)
                    .dict(context)
                    .run());
        for (int i = 0; i < 4; i++) {
          float[] expected = both.get(0).get(i).toFloats();
          float[] actual = both.get(1).get(i).toFloats();
          assertThat(actual).as(List.of("y", "dq", "dk", "dv").get(i)).hasSameSizeAs(expected);
          for (int j = 0; j < expected.length; j++) {
            assertThat(actual[j]).isCloseTo(expected[j], within(2e-5f));
          }
        }
        both.forEach(list -> list.forEach(Tensor::close));
      }
    }
  }

  private static Program program(
      TensorRuntime runtime,
      MatrixProducts products,
      AttentionKernel kernel,
      int heads,
      int keyValueHeads) {
    List<String> parts =
        new Computation(
                config(heads, keyValueHeads), Precision.FULL, products, kernel, LinearHook.none())
            .texts();
    parts.add(CHECK);
    return Program.compile(runtime, parts);
  }

  private static DecoderConfig config(int heads, int keyValueHeads) {
    String json =
        """
        {"model_type": "llama", "vocab_size": 10, "hidden_size": 16, "intermediate_size": 6,
         "num_hidden_layers": 1, "num_attention_heads": %d, "num_key_value_heads": %d,
         "head_dim": %d}
        """
            .formatted(heads, keyValueHeads, HEAD_DIM);
    try {
      return DecoderConfigParser.parse(new ObjectMapper().readTree(json), "config.json");
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  static Tensor random(TensorRuntime runtime, Random values, long... shape) {
    float[] elements = new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = (float) values.nextGaussian();
    }
    return runtime.floats(elements, shape);
  }
}
