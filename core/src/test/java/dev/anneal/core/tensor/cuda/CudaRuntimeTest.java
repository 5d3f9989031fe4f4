package dev.anneal.core.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.nccl.FakeNccl;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The runtime's calls over the test library. */
class CudaRuntimeTest {
  private static final long GIB = 1L << 30;

  private final FakeNccl fake = FakeNccl.orSkip();
  private final CudaRuntime cuda = fake.cuda();

  @AfterEach
  void everythingIsClosed() {
    fake.letGo();
    assertThat(fake.live()).containsOnly(0);
  }

  @Test
  void readsCardsAndTheirMemory() {
    assertThat(cuda.cards()).isEqualTo(8);
    cuda.use(2);
    assertThat(cuda.memory()).isEqualTo(new CudaRuntime.CardMemory(80 * GIB, 80 * GIB));
    try (CudaMemory block = cuda.allocate(1 << 20)) {
      assertThat(block.bytes()).isEqualTo(1 << 20);
      assertThat(cuda.memory().free()).isEqualTo(80 * GIB - (1 << 20));
      cuda.use(3);
      assertThat(cuda.memory().free()).isEqualTo(80 * GIB);
    }
  }

  @Test
  void copiesFromPinnedMemoryInTheOrderOfAStream() {
    cuda.use(0);
    try (CudaMemory pinned = cuda.allocatePinned(3L * Float.BYTES);
        CudaMemory card = cuda.allocate(3L * Float.BYTES);
        CudaMemory back = cuda.allocatePinned(3L * Float.BYTES);
        CudaStream stream = cuda.openStream();
        CudaEvent copied = cuda.openEvent()) {
      HostMemory.put(new float[] {1, 2, 3}, new FloatRegion(pinned.address(), 3));
      fake.hold(stream);
      cuda.copy(card.address(), pinned.address(), pinned.bytes(), stream);
      cuda.copy(back.address(), card.address(), card.bytes(), stream);
      copied.record(stream);
      assertThat(copied.done()).isFalse();
      assertThat(stream.idle()).isFalse();
      fake.letGo();
      copied.synchronize();
      assertThat(copied.done()).isTrue();
      assertThat(HostMemory.floats(new FloatRegion(back.address(), 3))).containsExactly(1, 2, 3);
      assertThat(pinned.kind()).isEqualTo(CudaMemory.Kind.PINNED);
    }
  }

  @Test
  void aCallThatFailsHasTheRuntimesReasonAndNumber() {
    cuda.use(0);
    assertThatThrownBy(() -> cuda.allocate(81 * GIB))
        .isInstanceOf(CudaException.class)
        .hasMessage("Cannot allocate 86973087744 bytes of the card: out of memory (CUDA error 2)")
        .satisfies(e -> assertThat(((CudaException) e).code()).isEqualTo(2));
    assertThatThrownBy(() -> cuda.use(8))
        .hasMessage("Cannot use cuda:8: invalid device ordinal (CUDA error 101)");
  }

  @Test
  void closesOnce() {
    cuda.use(0);
    CudaMemory memory = cuda.allocate(4);
    CudaStream stream = cuda.openStream();
    CudaEvent event = cuda.openEvent();
    for (AutoCloseable one : new AutoCloseable[] {memory, stream, event, memory, stream, event}) {
      assertThat(one).satisfies(AutoCloseable::close);
    }
    cuda.computeStream().close();
    assertThat(cuda.computeStream().idle()).isTrue();
  }
}
