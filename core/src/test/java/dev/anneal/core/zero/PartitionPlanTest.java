package dev.anneal.core.zero;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PartitionPlanTest {
  @Provide
  Arbitrary<List<TrainedParameter>> parameters() {
    Arbitrary<Long> sizes =
        Arbitraries.oneOf(Arbitraries.longs().between(0, 40), Arbitraries.longs().between(0, 3000));
    return Combinators.combine(sizes, Arbitraries.of(true, false))
        .as((size, decays) -> new TrainedParameter("", size, decays))
        .list()
        .ofMaxSize(12)
        .map(PartitionPlanTest::named);
  }

  private static List<TrainedParameter> named(List<TrainedParameter> parameters) {
    List<TrainedParameter> named = new ArrayList<>();
    for (TrainedParameter parameter : parameters) {
      named.add(new TrainedParameter("p" + named.size(), parameter.elements(), parameter.decays()));
    }
    return named;
  }

  @Property
  void everyElementIsOwnedOnce(
      @ForAll("parameters") List<TrainedParameter> parameters,
      @ForAll @IntRange(min = 1, max = 9) int worldSize,
      @ForAll @IntRange(min = 1, max = 4000) int bucketElements) {
    PartitionPlan plan = PartitionPlan.of(parameters, worldSize, bucketElements);
    Map<String, int[]> owners = new HashMap<>();
    parameters.forEach(p -> owners.put(p.name(), new int[(int) p.elements()]));
    for (int rank = 0; rank < worldSize; rank++) {
      long end = 0;
      for (OwnedSlice slice : plan.slices(rank)) {
        assertThat(slice.partitionOffset()).isGreaterThanOrEqualTo(end);
        end = slice.partitionOffset() + slice.length();
        int[] counts = owners.get(slice.parameter());
        for (long i = 0; i < slice.length(); i++) {
          counts[(int) (slice.parameterOffset() + i)]++;
        }
      }
      assertThat(end).isLessThanOrEqualTo(plan.partitionLength());
    }
    owners.values().forEach(counts -> assertThat(counts).containsOnly(ones(counts.length)));
  }

  private static int[] ones(int length) {
    return length == 0 ? new int[0] : new int[] {1};
  }

  @Property
  void aSliceLiesInItsRanksChunkOfTheFlatBuffer(
      @ForAll("parameters") List<TrainedParameter> parameters,
      @ForAll @IntRange(min = 1, max = 9) int worldSize,
      @ForAll @IntRange(min = 1, max = 4000) int bucketElements) {
    PartitionPlan plan = PartitionPlan.of(parameters, worldSize, bucketElements);
    for (int rank = 0; rank < worldSize; rank++) {
      for (OwnedSlice slice : plan.slices(rank)) {
        Bucket bucket = plan.bucketOf(slice.parameter());
        long flat = plan.offsetOf(slice.parameter()) + slice.parameterOffset();
        long chunk = plan.chunkOffset(bucket, rank);
        assertThat(flat).isBetween(chunk, chunk + plan.chunkLength(bucket) - slice.length());
        assertThat(slice.partitionOffset()).isEqualTo(plan.partitionOffset(bucket) + flat - chunk);
      }
    }
  }

  @Property
  void bucketsAreContiguousAlignedAndBounded(
      @ForAll("parameters") List<TrainedParameter> parameters,
      @ForAll @IntRange(min = 1, max = 9) int worldSize,
      @ForAll @IntRange(min = 1, max = 4000) int bucketElements) {
    PartitionPlan plan = PartitionPlan.of(parameters, worldSize, bucketElements);
    List<TrainedParameter> inOrder = new ArrayList<>();
    long end = 0;
    for (Bucket bucket : plan.buckets()) {
      assertThat(bucket.offset()).isEqualTo(end);
      assertThat(bucket.length() % (PartitionPlan.ALIGNMENT * (long) worldSize)).isZero();
      assertThat(bucket.length() - bucket.payload())
          .isBetween(0L, PartitionPlan.ALIGNMENT * (long) worldSize - 1);
      assertThat(bucket.payload() <= bucketElements || bucket.parameters().size() == 1).isTrue();
      inOrder.addAll(bucket.parameters());
      end += bucket.length();
    }
    assertThat(inOrder).isEqualTo(parameters);
    assertThat(plan.flatLength()).isEqualTo(end);
  }

  @Property
  void decaySegmentsCoverThePartitionAndAgreeWithTheParameters(
      @ForAll("parameters") List<TrainedParameter> parameters,
      @ForAll @IntRange(min = 1, max = 9) int worldSize,
      @ForAll @IntRange(min = 1, max = 4000) int bucketElements) {
    PartitionPlan plan = PartitionPlan.of(parameters, worldSize, bucketElements);
    Map<String, Boolean> decays = new HashMap<>();
    parameters.forEach(p -> decays.put(p.name(), p.decays()));
    for (int rank = 0; rank < worldSize; rank++) {
      boolean[] flags = new boolean[(int) plan.partitionLength()];
      long end = 0;
      for (DecaySegment segment : plan.decaySegments(rank)) {
        assertThat(segment.partitionOffset()).isEqualTo(end);
        assertThat(segment.length()).isPositive();
        end += segment.length();
        Arrays.fill(flags, (int) segment.partitionOffset(), (int) end, segment.decays());
      }
      assertThat(end).isEqualTo(plan.partitionLength());
      for (OwnedSlice slice : plan.slices(rank)) {
        for (long i = 0; i < slice.length(); i++) {
          assertThat(flags[(int) (slice.partitionOffset() + i)])
              .isEqualTo(decays.get(slice.parameter()));
        }
      }
    }
  }

  @Test
  void oneRankOwnsEverythingInOneSliceEach() {
    PartitionPlan plan =
        PartitionPlan.of(
            List.of(new TrainedParameter("a", 5, true), new TrainedParameter("b", 3, false)),
            1,
            100);
    assertThat(plan.slices(0))
        .containsExactly(new OwnedSlice("a", 0, 5, 0), new OwnedSlice("b", 0, 3, 5));
    assertThat(plan.decaySegments(0))
        .containsExactly(new DecaySegment(0, 5, true), new DecaySegment(5, 11, false));
    assertThat(plan.flatLength()).isEqualTo(16);
  }

  @Test
  void aHugeParameterHasItsOwnBucket() {
    PartitionPlan plan =
        PartitionPlan.of(
            List.of(
                new TrainedParameter("small", 10, true),
                new TrainedParameter("embedding", 6_000_000_001L, true),
                new TrainedParameter("last", 10, true)),
            2,
            1000);
    assertThat(plan.buckets()).hasSize(3);
    assertThat(plan.bucketOf("embedding").length()).isEqualTo(6_000_000_032L);
    assertThat(plan.slices(1))
        .containsExactly(new OwnedSlice("embedding", 3_000_000_016L, 2_999_999_985L, 16));
  }

  @Test
  void nothingToTrainIsAnEmptyPlan() {
    PartitionPlan plan = PartitionPlan.of(List.of(), 3, 10);
    assertThat(plan.flatLength()).isZero();
    assertThat(plan.slices(2)).isEmpty();
    assertThat(plan.decaySegments(2)).isEmpty();
  }

  @Test
  void refusesBadArguments() {
    TrainedParameter a = new TrainedParameter("a", 1, true);
    assertThatThrownBy(() -> PartitionPlan.of(List.of(a), 0, 1))
        .hasMessage("Invalid world size: 0 (must be >= 1)");
    assertThatThrownBy(() -> PartitionPlan.of(List.of(a), 1, 0))
        .hasMessage("Invalid bucket size: 0 (must be >= 1)");
    assertThatThrownBy(() -> PartitionPlan.of(List.of(a, a), 1, 1))
        .hasMessage("Invalid parameters: two named a");
    assertThatThrownBy(() -> new TrainedParameter("a", -1, true))
        .hasMessage("Invalid size of a: -1 (must be >= 0)");
    PartitionPlan plan = PartitionPlan.of(List.of(a), 1, 1);
    assertThatThrownBy(() -> plan.offsetOf("b")).hasMessage("Unknown parameter: b");
    assertThatThrownBy(() -> plan.slices(1)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
