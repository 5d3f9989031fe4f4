package dev.anneal.core.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.tensor.FloatRegion;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RingPlanTest {
  @ParameterizedTest
  @CsvSource({"2,10", "3,10", "4,3", "5,0", "7,7000000000"})
  void eachRankSendsWhatTheNextExpects(int worldSize, long length) {
    FloatRegion region = new FloatRegion(4096, length);
    for (int rank = 0; rank < worldSize; rank++) {
      RingPlan mine = RingPlan.allReduce(region, rank, worldSize);
      RingPlan next = RingPlan.allReduce(region, (rank + 1) % worldSize, worldSize);
      List<FloatRegion> expected = new ArrayList<>(next.added());
      expected.addAll(next.copied());
      assertThat(mine.sent()).isEqualTo(expected);
      assertThat(mine.head()).isEqualTo(mine.sent().get(0).length() * Float.BYTES);
    }
  }

  @ParameterizedTest
  @CsvSource({"2", "3", "8"})
  void whatIsReceivedIsSentInTheNextRound(int worldSize) {
    FloatRegion region = new FloatRegion(4096, 1000L * worldSize);
    for (int rank = 0; rank < worldSize; rank++) {
      RingPlan plan = RingPlan.reduceScatter(region, rank, worldSize);
      assertThat(plan.sent().subList(1, worldSize - 1))
          .isEqualTo(plan.added().subList(0, worldSize - 2));
      assertThat(plan.added().get(worldSize - 2)).isEqualTo(region.slice(1000L * rank, 1000));
    }
  }
}
