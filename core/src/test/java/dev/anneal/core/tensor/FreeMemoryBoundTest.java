package dev.anneal.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** When free blocks go back, over a process whose memory the test says. */
class FreeMemoryBoundTest {
  private static final long MIB = 1L << 20;

  private long resident;
  private long left;
  private int times;
  private final FreeMemoryBound bound =
      new FreeMemoryBound(
          () -> resident,
          () -> {
            times++;
            resident = left;
            return true;
          });

  private int timesAt(long mebibytes, long leftThen) {
    resident = mebibytes * MIB;
    left = leftThen * MIB;
    bound.keep();
    return times;
  }

  @Test
  void whatIsFreeGoesBackOnceThereIsMoreThanAllowed() {
    bound.allow(100 * MIB);
    assertThat(timesAt(500, 400)).isEqualTo(1);
    assertThat(timesAt(500, 400)).isEqualTo(1);
    assertThat(timesAt(501, 400)).isEqualTo(2);
  }

  @Test
  void theMostThatWasInUseDecides() {
    bound.allow(100 * MIB);
    timesAt(500, 400);
    assertThat(timesAt(600, 350)).isEqualTo(2);
    assertThat(timesAt(500, 350)).isEqualTo(2);
    assertThat(timesAt(501, 500)).isEqualTo(3);
    assertThat(timesAt(600, 500)).isEqualTo(3);
  }

  @Test
  void theLargestMicroBatchDecides() {
    bound.allow(200 * MIB);
    bound.allow(100 * MIB);
    assertThat(timesAt(200, 0)).isZero();
    assertThat(timesAt(201, 0)).isEqualTo(1);
  }

  @Test
  void smallModelsAreLeftAlone() {
    assertThat(timesAt(5000, 0)).isZero();
    bound.allow(MIB);
    assertThat(timesAt(5000, 0)).isZero();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theMemoryOfThisProcessIsRead() {
    assertThat(FreeMemory.anonymousBytes()).isBetween(10 * MIB, 1L << 40);
  }
}
