package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.MicroBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ReadAheadTest {
  private static final LoopSettings SIX_STEPS = new LoopSettings(6, 2, 1);

  /** A batch that names its place, and counts what was read. */
  private static class Numbered implements MicroBatchSource {
    final AtomicInteger reads = new AtomicInteger();

    @Override
    public MicroBatch at(long step, int accumulationStep) {
      int[] id = {(int) (10 * step + accumulationStep)};
      reads.incrementAndGet();
      return MicroBatch.of(List.of(new TokenRow(id, id, new int[] {1})), 0);
    }

    @Override
    public double epochAfter(long step) {
      return step / 4.0;
    }
  }

  @Test
  void givesWhatTheSourceGivesInItsOrder() {
    try (ReadAhead rows = ReadAhead.start(new Numbered(), SIX_STEPS, 2, "rows")) {
      List<Long> ids = new ArrayList<>();
      for (long step = 2; step < 6; step++) {
        for (int i = 0; i < 2; i++) {
          ids.add(rows.at(step, i).tokenIds()[0]);
        }
      }
      assertThat(ids).containsExactly(20L, 21L, 30L, 31L, 40L, 41L, 50L, 51L);
      assertThat(rows.epochAfter(3)).isEqualTo(0.75);
      assertThat(rows.waitedSeconds()).isBetween(0.0, 30.0);
    }
  }

  @Test
  void readsBeforeItIsAskedButNotEverything() throws InterruptedException {
    CountDownLatch third = new CountDownLatch(3);
    Numbered source =
        new Numbered() {
          @Override
          public MicroBatch at(long step, int accumulationStep) {
            third.countDown();
            return super.at(step, accumulationStep);
          }
        };
    try (ReadAhead rows = ReadAhead.start(source, new LoopSettings(1_000_000, 1, 1), 0, "rows")) {
      assertThat(third.await(20, TimeUnit.SECONDS)).as("read without being asked").isTrue();
      for (long step = 0; step < 5; step++) {
        rows.at(step, 0);
        assertThat(source.reads.get()).isLessThanOrEqualTo((int) step + 4);
      }
    }
  }

  @Test
  void aRowThatCannotBeReadFailsInItsPlaceAndWithItsOwnError() {
    InvalidRowException bad = new InvalidRowException("Invalid row 3 of 数据.arrow: no", null);
    MicroBatchSource source =
        new Numbered() {
          @Override
          public MicroBatch at(long step, int accumulationStep) {
            if (step == 1) {
              throw bad;
            }
            return super.at(step, accumulationStep);
          }
        };
    try (ReadAhead rows = ReadAhead.start(source, SIX_STEPS, 0, "rows")) {
      assertThat(rows.at(0, 0).tokenIds()).containsExactly(0);
      assertThat(rows.at(0, 1).tokenIds()).containsExactly(1);
      assertThatThrownBy(() -> rows.at(1, 0)).isSameAs(bad);
      assertThatThrownBy(() -> rows.at(1, 0)).as("and again").isSameAs(bad);
    }
  }

  @Test
  void anErrorStaysAnError() {
    MicroBatchSource source =
        new Numbered() {
          @Override
          public MicroBatch at(long step, int accumulationStep) {
            throw new OutOfMemoryError("a test's");
          }
        };
    try (ReadAhead rows = ReadAhead.start(source, SIX_STEPS, 0, "rows")) {
      assertThatThrownBy(() -> rows.at(0, 0))
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessage("a test's");
    }
  }

  @Test
  void closingEndsTheThreadWhateverItDoes() {
    ReadAhead full = ReadAhead.start(new Numbered(), new LoopSettings(1_000_000, 1, 1), 0, "full");
    full.at(0, 0);
    full.close();
    full.close();
    assertThat(threads("full")).isZero();
    ReadAhead done = ReadAhead.start(new Numbered(), new LoopSettings(1, 1, 1), 0, "done");
    done.at(0, 0);
    done.close();
    assertThat(threads("done")).isZero();
  }

  @Test
  void refusesAnotherOrderThanItsOwn() {
    try (ReadAhead rows = ReadAhead.start(new Numbered(), SIX_STEPS, 0, "rows")) {
      assertThatThrownBy(() -> rows.at(0, 1)).hasMessage("Invalid step: 0.1 (expected 0.0)");
    }
    try (ReadAhead rows = ReadAhead.start(new Numbered(), new LoopSettings(1, 1, 1), 0, "rows")) {
      rows.at(0, 0);
      assertThatThrownBy(() -> rows.at(1, 0)).hasMessage("Invalid step: after the last");
    }
  }

  @Test
  void anInterruptEndsTheWait() {
    MicroBatchSource source =
        new Numbered() {
          @Override
          public MicroBatch at(long step, int accumulationStep) {
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return super.at(step, accumulationStep);
          }
        };
    try (ReadAhead rows = ReadAhead.start(source, SIX_STEPS, 0, "rows")) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> rows.at(0, 0)).hasMessage("Cannot read rows: interrupted");
      assertThat(Thread.interrupted()).as("the flag is kept for others").isTrue();
    }
  }

  @Test
  void aRunSaysHowLongItsStepsWaitedAndLeavesNoThread(@TempDir Path folder) throws Exception {
    SmallRun run = SmallRun.of(new LocalFileStore(), "curve-lora", folder.resolve("一 run"));
    assertThat(run.train()).hasSize(6);
    assertThat(run.notes()).hasSize(2);
    assertThat(run.notes().get(1))
        .matches("rank=0 data_wait=\\d+\\.\\d{3}s data_wait_share=\\d+\\.\\d{2}%");
    assertThat(threads("rank-0-rows")).isZero();
  }

  private static long threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name))
        .count();
  }
}
