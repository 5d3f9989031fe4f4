package dev.anneal.jobs.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.tensor.CudaCard;
import dev.anneal.core.tensor.CudaDriver;
import dev.anneal.core.tensor.LibtorchFacts;
import dev.anneal.jobs.placement.ExecutorFacts;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorTableTest {
  @Test
  void eachExecutorHasALineAndEachCardBehindTheFirstOneOfItsOwn() {
    CudaCard card = new CudaCard("NVIDIA H100", 80L << 30, 9, 0);
    ExecutorFacts cards =
        new ExecutorFacts(
            "0",
            "h1",
            2,
            List.of("0", "1"),
            List.of(),
            new LibtorchFacts("2.7.1", "/n", "avx512/avx2", "12.6", "2.26.2", ""),
            new CudaDriver("12.8", "570.86.15", List.of(card, card), ""));
    ExecutorFacts none =
        new ExecutorFacts(
            "10",
            "host2",
            1,
            List.of(),
            List.of(),
            new LibtorchFacts("2.7.1", "/n", "avx2/avx2", "", "", ""),
            new CudaDriver("", "", List.of(), "no libcuda.so.1"));
    ExecutorFacts broken =
        new ExecutorFacts(
            "2", "h", 1, List.of(), List.of(), LibtorchFacts.missing("Cannot load"), none.driver());
    assertThat(DoctorTable.of(List.of(cards, none)))
        .containsExactly(
            "executor  host   ranks       libtorch    units        cuda  driver               nccl   "
                + " cards",
            "0         h1     2: gpu 0,1  2.7.1 cuda  avx512/avx2  12.6  570.86.15 cuda 12.8  2.26.2"
                + "  0: NVIDIA H100, 80.0 GiB, compute capability 9.0",
            " ".repeat(89) + "1: NVIDIA H100, 80.0 GiB, compute capability 9.0",
            "10        host2  1           2.7.1 cpu   avx2/avx2    -     -                    -      "
                + " no libcuda.so.1");
    assertThat(DoctorTable.of(List.of(broken)).get(1)).contains("  missing  ");
  }
}
