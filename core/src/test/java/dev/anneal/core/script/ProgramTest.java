package dev.anneal.core.script;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgramTest {
  private static final String SOURCE =
      """
        def forward_pass(self: __torch__.Program, x: Tensor, w: Dict[str, Tensor]) -> List[Tensor]:
          leaf = x.detach().requires_grad_(True)
          y = torch.linear(leaf, w["a.weight"])
          if torch.__contains__(w, "b"):
            y = y + w["b"]
          total = 0
          for i in range(3):
            total = total + i
          return [leaf, y * float(total)]
        def backward_pass(self: __torch__.Program, leaf: Tensor, y: Tensor, dy: Tensor, acc: List[Tensor]) -> List[Tensor]:
          g = torch.autograd.grad([y], [leaf], annotate(List[Optional[Tensor]], [dy]))
          r = g[0]
          if r is None:
            return []
          acc[0].add_(r)
          return [r]
      """;

  @Test
  void differentiatesAndSharesMemoryWithJava() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      long before = runtime.liveTensors();
      try (Program program = Program.compile(runtime, List.of(SOURCE));
          Tensor x = runtime.floats(new float[] {1, 2}, 1, 2);
          Tensor w = runtime.floats(new float[] {3, 4}, 1, 2);
          Tensor dy = runtime.floats(new float[] {1}, 1, 1);
          Tensor acc = runtime.zeros(1, 2)) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("a.weight", w);
        List<Tensor> out = program.call("forward_pass").tensor(x).dict(weights).run();
        assertThat(out.get(1).toFloats()).containsExactly(33f);
        try (Tensor g =
            program
                .call("backward_pass")
                .tensor(out.get(0))
                .tensor(out.get(1))
                .tensor(dy)
                .list(List.of(acc))
                .one()) {
          assertThat(g.toFloats()).containsExactly(9f, 12f);
        }
        out.forEach(Tensor::close);
        assertThat(acc.toFloats()).containsExactly(9f, 12f);
        HostMemory.bytes(acc.region()).asFloatBuffer().put(0, 42f);
        assertThat(acc.toFloats()).containsExactly(42f, 12f);
      }
      assertThat(runtime.liveTensors()).isEqualTo(before);
    }
  }
}
