package dev.anneal.core.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class EvenDealTest {

  @Property(tries = 300)
  void dealsEveryRowOnce(@ForAll @Size(max = 70) @IntRange(max = 2048) int[] lengths) {
    Arrays.sort(lengths);
    assertThat(EvenDeal.of(lengths))
        .containsExactlyInAnyOrder(IntStream.range(0, lengths.length).toArray());
  }

  @Test
  void slicesOfAnyPowerOfTwoHoldTheSameTokensWhereLengthsRiseEvenly() {
    int[] lengths = IntStream.rangeClosed(1, 32).map(i -> 10 * i).toArray();
    int[] order = EvenDeal.of(lengths);
    for (int size : new int[] {2, 4, 8, 16}) {
      int[] sums = new int[32 / size];
      for (int i = 0; i < 32; i++) {
        sums[i / size] += lengths[order[i]];
      }
      assertThat(sums).as("slices of " + size).containsOnly(165 * size);
    }
  }

  @Test
  void aLongRowStandsAmongShortOnes() {
    int[] order = EvenDeal.of(new int[] {10, 20, 30, 40, 50, 60, 70, 1000});
    assertThat(order[0] + order[1]).as("longest beside shortest, in one pair").isEqualTo(7);
    assertThat(IntStream.of(order).skip(4)).as("its pair beside a light one").contains(7, 0, 1, 6);
  }

  @Test
  void oneRowAndNoneAreDealtToo() {
    assertThat(EvenDeal.of(new int[] {5})).containsExactly(0);
    assertThat(EvenDeal.of(new int[0])).isEmpty();
  }
}
