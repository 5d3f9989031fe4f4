package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MatrixProductsTest {
  private static final String CHECK =
      """
  def differences(self: __torch__.Program, x: Tensor, w: Tensor, bias: Tensor, dy: Tensor) -> Tensor:
    inputs = [torch.detach(x).requires_grad_(True), torch.detach(w).requires_grad_(True), torch.detach(bias).requires_grad_(True)]
    expected = torch.linear(inputs[0], inputs[1], inputs[2])
    actual = self.map_rows(inputs[0], inputs[1], inputs[2])
    frozen = self.map_rows(inputs[0], torch.detach(w), torch.detach(bias))
    dys = annotate(List[Optional[Tensor]], [dy])
    g1 = torch.autograd.grad([expected], inputs, dys)
    g2 = torch.autograd.grad([actual], inputs, dys)
    g3 = torch.autograd.grad([frozen], [inputs[0]], dys)
    plain = torch.sub(torch.add(self.product(x, w), bias), expected)
    turned = torch.sub(self.product(torch.t(dy), torch.t(x)), torch.mm(torch.t(dy), x))
    worst = [torch.max(torch.abs(plain)), torch.max(torch.abs(turned))]
    worst.append(torch.max(torch.abs(torch.sub(actual, expected))))
    worst.append(torch.max(torch.abs(torch.sub(frozen, expected))))
    for i in range(3):
      worst.append(torch.max(torch.abs(torch.sub(torch._unwrap_optional(g1[i]), torch._unwrap_optional(g2[i])))))
    worst.append(torch.max(torch.abs(torch.sub(torch._unwrap_optional(g1[0]), torch._unwrap_optional(g3[0])))))
    return torch.detach(torch.stack(worst))
""";

  private static final String CHECK_IN_PLACE =
      """
        def differences(self: __torch__.Program, x: Tensor, w: Tensor) -> Tensor:
          n = torch.size(x, 0)
          columns = torch.size(w, 0)
          expected = torch.linear(x, w)
          wide = torch.ones([n, columns + 5], dtype=6)
          part = torch.narrow(wide, 1, 2, columns)
          self.add_product(part, x, w)
          added = torch.sub(torch.sub(part, 1.), expected)
          rows = torch.ones([n + 3, columns], dtype=6)
          self.put_product(torch.narrow(rows, 0, 1, n), x, w)
          put = torch.sub(torch.narrow(rows, 0, 1, n), expected)
          left = torch.sub(torch.narrow(wide, 1, 0, 2), 1.)
          right = torch.sub(torch.narrow(wide, 1, columns + 2, 3), 1.)
          above = torch.sub(torch.narrow(rows, 0, 0, 1), 1.)
          below = torch.sub(torch.narrow(rows, 0, n + 1, 2), 1.)
          worst = annotate(List[Tensor], [])
          for difference in [added, put, left, right, above, below]:
            worst.append(torch.max(torch.abs(difference)))
          return torch.detach(torch.stack(worst))
      """;
  private static final String CHECK_HEAD =
      """
        def differences(self: __torch__.Program, x: Tensor, w: Tensor) -> Tensor:
          expected = torch.linear(x, w)
          logits = torch.sub(self.head_logits(x, w), expected)
          gradient = torch.sub(self.head_gradient(expected, w), torch.mm(expected, w))
          return torch.stack([torch.max(torch.abs(logits)), torch.max(torch.abs(gradient))])
      """;

  @ParameterizedTest
  @EnumSource(MatrixProducts.class)
  void givesWhatLinearGivesForAnyNumberOfRows(MatrixProducts products) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        Program program = Program.compile(runtime, List.of(products.source(), CHECK))) {
      runtime.prepareThread(1);
      for (int rows : new int[] {1, 15, 127, 128, 136, 269}) {
        try (Tensor x = random(runtime, rows, 24);
            Tensor w = random(runtime, 40, 24);
            Tensor bias = random(runtime, 40);
            Tensor dy = random(runtime, rows, 40);
            Tensor differences =
                program.call("differences").tensor(x).tensor(w).tensor(bias).tensor(dy).one()) {
          for (float difference : differences.toFloats()) {
            assertThat(difference).as("%d rows", rows).isCloseTo(0, within(1e-4f));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(MatrixProducts.class)
  void writesIntoMemoryThatIsThere(MatrixProducts products) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        Program program = Program.compile(runtime, List.of(products.source(), CHECK_IN_PLACE))) {
      runtime.prepareThread(1);
      for (int columns : new int[] {3, 40}) {
        try (Tensor x = random(runtime, 30, 24);
            Tensor w = random(runtime, columns, 24);
            Tensor differences = program.call("differences").tensor(x).tensor(w).one()) {
          assertThat(differences.toFloats()).containsOnly(new float[] {0}, within(1e-4f));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(MatrixProducts.class)
  void givesLogitsAndTheirGradientForAnyVocabulary(MatrixProducts products) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        Program program = Program.compile(runtime, List.of(products.source(), CHECK_HEAD))) {
      runtime.prepareThread(1);
      for (int vocabulary : new int[] {7, 1000, 2003}) {
        try (Tensor x = random(runtime, 5, 24);
            Tensor w = random(runtime, vocabulary, 24);
            Tensor differences = program.call("differences").tensor(x).tensor(w).one()) {
          assertThat(differences.toFloats()).containsOnly(new float[] {0}, within(1e-3f));
        }
      }
    }
  }

  private static Tensor random(TensorRuntime runtime, long... shape) {
    return AttentionTest.random(runtime, new Random(1), shape);
  }
}
