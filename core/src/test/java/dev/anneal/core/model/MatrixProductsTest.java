package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
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

  @ParameterizedTest
  @EnumSource(MatrixProducts.class)
  void givesWhatLinearGivesForAnyNumberOfRows(MatrixProducts products) {
    try (TensorRuntime runtime = TensorRuntime.open();
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

  @Test
  void takesOneDnnWhereBlasWouldLeaveHalfTheProcessorIdle() {
    assertThat(of("AuthenticAMD", "fpu avx2 avx512f avx512bw")).isEqualTo(MatrixProducts.ONEDNN);
    assertThat(of("AuthenticAMD", "fpu avx2")).isEqualTo(MatrixProducts.BLAS);
    assertThat(of("GenuineIntel", "fpu avx2 avx512f")).isEqualTo(MatrixProducts.BLAS);
    assertThat(MatrixProducts.of(List.of())).isEqualTo(MatrixProducts.BLAS);
  }

  private static MatrixProducts of(String vendor, String flags) {
    return MatrixProducts.of(
        List.of("processor\t: 0", "vendor_id\t: " + vendor, "flags\t\t: " + flags, ""));
  }

  private static Tensor random(TensorRuntime runtime, long... shape) {
    return AttentionTest.random(runtime, new Random(1), shape);
  }
}
