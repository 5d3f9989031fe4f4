package dev.anneal.core.zero;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.ParameterSpec;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PartitionPlanTest {
  @Property(tries = 200)
  void everyElementIsOwnedOnceAndPaddingByNobody(
      @ForAll @Size(max = 12) List<@IntRange(min = 1, max = 300) Integer> sizes,
      @ForAll @IntRange(min = 1, max = 7) int worldSize,
      @ForAll @IntRange(min = 1, max = 400) int bucketElements) {
    List<ParameterSpec> parameters = new ArrayList<>();
    for (int i = 0; i < sizes.size(); i++) {
      parameters.add(new ParameterSpec("p" + i, Shape.of(sizes.get(i)), i % 2 == 0));
    }
    PartitionPlan plan = new PartitionPlan(parameters, worldSize, bucketElements);
    int[] owners = new int[(int) plan.length()];
    for (int rank = 0; rank < worldSize; rank++) {
      long previousEnd = 0;
      for (PartitionPlan.Slice slice : plan.slices(rank)) {
        assertThat(slice.shardOffset()).isGreaterThanOrEqualTo(previousEnd);
        previousEnd = slice.shardOffset() + slice.length();
        assertThat(previousEnd).isLessThanOrEqualTo(plan.shardLength());
        assertThat(slice.flatOffset())
            .isEqualTo(plan.offset(slice.parameter()) + slice.parameterOffset());
        for (long i = 0; i < slice.length(); i++) {
          owners[(int) (slice.flatOffset() + i)]++;
        }
      }
    }
    int[] expected = new int[owners.length];
    for (ParameterSpec parameter : parameters) {
      for (int i = 0; i < parameter.elementCount(); i++) {
        expected[(int) plan.offset(parameter.name()) + i] = 1;
      }
    }
    assertThat(owners).isEqualTo(expected);
    for (PartitionPlan.Bucket bucket : plan.buckets()) {
      assertThat(bucket.length() % worldSize).isZero();
    }
  }

  @Test
  void noParametersMakeNoBuckets() {
    PartitionPlan plan = new PartitionPlan(List.of(), 3, 10);
    assertThat(plan.length()).isZero();
    assertThat(plan.buckets()).isEmpty();
    assertThat(plan.slices(2)).isEmpty();
  }

  @Test
  void refusesTheSameNameTwice() {
    ParameterSpec p = new ParameterSpec("w", Shape.of(2, 2), true);
    assertThatThrownBy(() -> new PartitionPlan(List.of(p, p), 1, 10))
        .hasMessage("Invalid parameters: w twice");
  }
}
