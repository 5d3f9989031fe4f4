package dev.anneal.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.run.ProcessMemory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class FreeMemoryTest {
  private static final int PIECES = 4000;
  private static final int FLOATS = 16_000;
  private static final long FREED = (long) PIECES / 2 * FLOATS * Float.BYTES;

  @Test
  void pagesBetweenUsedOnesGoBackToTheSystem() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorScope kept = new TensorScope()) {
      List<Tensor> others = new ArrayList<>();
      for (int i = 0; i < PIECES; i++) {
        Tensor piece = runtime.zeros(FLOATS);
        if (i % 2 == 0) {
          kept.own(piece);
        } else {
          others.add(piece);
        }
      }
      others.forEach(Tensor::close);
      long before = ProcessMemory.now().residentBytes();
      assertThat(FreeMemory.giveBack()).isTrue();
      long after = ProcessMemory.now().residentBytes();
      assertThat(before - after).isGreaterThan(FREED / 2);
    }
  }
}
