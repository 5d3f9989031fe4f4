package dev.anneal.core.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.tensor.FloatRegion;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every transport of {@link Collective} must do. */
@Timeout(60)
public abstract class CollectiveContract {
  protected static final Duration PATIENT = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(150);
  private static final long SEED = 20_240_607L;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Collective> opened = new ArrayList<>();

  /**
   * A fresh group, one collective a rank.
   *
   * @param patience every limit that the transport has once the ranks have met
   */
  protected abstract List<Collective> open(int worldSize, Duration patience) throws Exception;

  @AfterEach
  void closeAll() throws InterruptedException {
    opened.forEach(Collective::close);
    threads.shutdownNow();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void sumsRegionsOfAnyLength(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    for (int length : new int[] {0, 1, 2, 3, 4, 5, 7, 63, 1000, 70_001}) {
      List<float[]> inputs = integers(worldSize, length);
      List<float[]> results = run(group, inputs, Collective::allReduceSum);
      float[] expected = exactSum(inputs);
      for (float[] result : results) {
        assertThat(result).as("length %d", length).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void sumsALongRegionToTheSameBitsEverywhereAndTwice(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    List<float[]> inputs = normals(worldSize, 1_200_001);
    List<float[]> first = run(group, inputs, Collective::allReduceSum);
    List<float[]> second = run(group, inputs, Collective::allReduceSum);
    for (int rank = 0; rank < worldSize; rank++) {
      assertThat(first.get(rank)).isEqualTo(first.get(0));
      assertThat(second.get(rank)).isEqualTo(first.get(0));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void reduceScatterLeavesTheBitsOfAllReduceInTheOwnChunk(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    int length = 120_012;
    List<float[]> inputs = normals(worldSize, length);
    List<float[]> whole = run(group, inputs, Collective::allReduceSum);
    List<float[]> scattered = run(group, inputs, Collective::reduceScatterSum);
    int chunk = length / worldSize;
    for (int rank = 0; rank < worldSize; rank++) {
      for (int i = rank * chunk; i < (rank + 1) * chunk; i++) {
        assertThat(Float.floatToIntBits(scattered.get(rank)[i]))
            .isEqualTo(Float.floatToIntBits(whole.get(0)[i]));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void sumsInTheOrderOfTheRing(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    int length = 12_000;
    List<float[]> inputs = normals(worldSize, length);
    List<float[]> results = run(group, inputs, Collective::allReduceSum);
    Chunks chunks = new Chunks(length, worldSize);
    float[] expected = new float[length];
    for (int chunk = 0; chunk < worldSize; chunk++) {
      for (int i = (int) chunks.start(chunk); i < chunks.start(chunk) + chunks.size(chunk); i++) {
        float sum = inputs.get((chunk + 1) % worldSize)[i];
        for (int k = 2; k <= worldSize; k++) {
          sum += inputs.get((chunk + k) % worldSize)[i];
        }
        expected[i] = sum;
      }
    }
    assertThat(results.get(0)).isEqualTo(worldSize == 1 ? inputs.get(0) : expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void gathersTheChunkOfEveryRank(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    for (int chunk : new int[] {0, 1, 5, 40_001}) {
      List<float[]> inputs = integers(worldSize, chunk * worldSize);
      List<float[]> results = run(group, inputs, Collective::allGather);
      for (float[] result : results) {
        for (int i = 0; i < result.length; i++) {
          assertThat(result[i]).isEqualTo(inputs.get(i / chunk)[i]);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void broadcastsFromAnyRoot(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    for (int root = 0; root < worldSize; root++) {
      int from = root;
      for (int length : new int[] {0, 1, 300_001}) {
        List<float[]> inputs = integers(worldSize, length);
        List<float[]> results =
            run(group, inputs, (member, region) -> member.broadcast(region, from));
        for (float[] result : results) {
          assertThat(result).isEqualTo(inputs.get(root));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void sumsDoublesInTheOrderOfRanks(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    double[][] inputs = new double[worldSize][];
    double[] expected = new double[3];
    Random random = new Random(SEED);
    for (int rank = 0; rank < worldSize; rank++) {
      inputs[rank] = new double[] {random.nextGaussian() * 1e9, random.nextGaussian(), rank};
      for (int i = 0; i < 3; i++) {
        expected[i] = rank == 0 ? inputs[0][i] : expected[i] + inputs[rank][i];
      }
    }
    List<double[]> results = onAll(group, member -> member.allReduceSum(inputs[member.rank()]));
    for (double[] result : results) {
      assertThat(result).isEqualTo(expected);
    }
    assertThat(onAll(group, member -> member.allReduceSum(new double[0])).get(0)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void gathersBytesOfDifferentLengths(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    List<byte[][]> results =
        onAll(
            group,
            member ->
                member.allGather("等级".repeat(member.rank()).getBytes(StandardCharsets.UTF_8)));
    for (byte[][] result : results) {
      assertThat(result.length).isEqualTo(worldSize);
      for (int rank = 0; rank < worldSize; rank++) {
        assertThat(new String(result[rank], StandardCharsets.UTF_8)).isEqualTo("等级".repeat(rank));
      }
    }
  }

  @Test
  void mixesOperationsManyTimes() throws Exception {
    List<Collective> group = group(3);
    List<double[]> results =
        onAll(
            group,
            member -> {
              double[] last = {0};
              for (int i = 0; i < 200; i++) {
                NativeFloats values = NativeFloats.of(member.rank(), i, 1);
                member.allReduceSum(values.region());
                member.barrier();
                member.broadcast(values.region(), i % 3);
                last = member.allReduceSum(new double[] {values.values()[0] + last[0]});
                last[0] /= 9;
              }
              return last;
            });
    assertThat(results.get(1)).isEqualTo(results.get(0));
    assertThat(results.get(2)).isEqualTo(results.get(0));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void startedSumsHaveTheBitsOfBlockingOnes(int worldSize) throws Exception {
    List<Collective> group = group(worldSize);
    List<float[]> inputs = normals(worldSize, 120_012);
    List<float[]> whole = run(group, inputs, Collective::allReduceSum);
    List<float[]> chunk = run(group, inputs, Collective::reduceScatterSum);
    List<List<float[]>> started =
        onAll(
            group,
            member -> {
              NativeFloats first = NativeFloats.of(inputs.get(member.rank()));
              NativeFloats second = NativeFloats.of(inputs.get(member.rank()));
              var sum = member.startAllReduceSum(first.region());
              var scattered = member.startReduceScatterSum(second.region());
              double[] after = member.allReduceSum(new double[] {1});
              sum.await();
              scattered.await();
              assertThat(after).containsExactly(worldSize);
              assertThat(sum.over()).isTrue();
              assertThat(sum.seconds()).isPositive();
              return List.of(first.values(), second.values());
            });
    int length = 120_012 / worldSize;
    for (int rank = 0; rank < worldSize; rank++) {
      assertThat(started.get(rank).get(0)).isEqualTo(whole.get(rank));
      assertThat(Arrays.copyOfRange(started.get(rank).get(1), rank * length, (rank + 1) * length))
          .isEqualTo(Arrays.copyOfRange(chunk.get(rank), rank * length, (rank + 1) * length));
    }
  }

  @Test
  void aStartWaitsForNobody() throws Exception {
    List<Collective> group = group(3);
    List<NativeFloats> values = List.of(ones(1200), ones(1200), ones(1200));
    for (int round = 0; round < 3; round++) {
      List<dev.anneal.core.collective.Work> started = new ArrayList<>();
      for (Collective member : group) {
        started.add(member.startAllReduceSum(values.get(member.rank()).region()));
      }
      started.forEach(dev.anneal.core.collective.Work::await);
    }
    for (NativeFloats sums : values) {
      assertThat(sums.values()).containsOnly(27);
    }
  }

  @Test
  void abortReachesStartedOperations() throws Exception {
    List<Collective> group = group(3);
    NativeFloats values = ones(1200);
    var first = group.get(0).startAllReduceSum(values.region());
    var second = group.get(0).startReduceScatterSum(ones(3).region());
    Future<?> blocked = threads.submit(() -> ones(1200).use(group.get(1)::allReduceSum));
    group.get(2).abort(GroupFailure.last("loss is NaN at step 7"));
    for (var work : List.of(first, second)) {
      assertThatThrownBy(work::await)
          .isInstanceOf(CollectiveException.class)
          .hasMessage("rank 2 aborted: loss is NaN at step 7");
      assertThat(work.over()).isTrue();
    }
    assertThatThrownBy(() -> blocked.get(10, TimeUnit.SECONDS))
        .hasStackTraceContaining("rank 2 aborted: loss is NaN at step 7");
    values.use(region -> assertThat(region.length()).isEqualTo(1200));
  }

  @Test
  void startedOperationsOfOtherLengthsAreOutOfStep() throws Exception {
    List<Collective> group = group(2);
    NativeFloats ten = ones(10);
    NativeFloats twelve = ones(12);
    var short10 = group.get(0).startAllReduceSum(ten.region());
    var long12 = group.get(1).startAllReduceSum(twelve.region());
    for (var work : List.of(short10, long12)) {
      assertThatThrownBy(work::await)
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("10 values")
          .hasMessageContaining("12 values");
    }
    ten.use(region -> twelve.use(other -> assertThat(other.length()).isEqualTo(12)));
  }

  @Test
  void anInterruptWhileAStartedOperationIsAwaitedFailsTheGroup() throws Exception {
    List<Collective> group = group(2);
    NativeFloats values = ones(10);
    Future<Boolean> waiting =
        threads.submit(
            () -> {
              var work = group.get(0).startAllReduceSum(values.region());
              Thread.currentThread().interrupt();
              assertThatThrownBy(work::await)
                  .isInstanceOf(CollectiveException.class)
                  .hasMessageContaining("interrupted");
              return Thread.interrupted();
            });
    assertThat(waiting.get(10, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(() -> ones(10).use(group.get(1)::allReduceSum))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("interrupted");
    values.use(region -> assertThat(region.length()).isEqualTo(10));
  }

  @Test
  void refusesLengthsThatDoNotDivide() throws Exception {
    Collective first = group(2).get(0);
    FloatRegion odd = new NativeFloats(5).region();
    String message = "Invalid region length: 5 (must be a multiple of world size 2)";
    assertThatThrownBy(() -> first.reduceScatterSum(odd))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> first.startReduceScatterSum(odd))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> first.allGather(odd))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
    assertThatThrownBy(() -> first.broadcast(odd, 2)).isInstanceOf(RuntimeException.class);
  }

  @Test
  void abortReachesBlockedRanks() throws Exception {
    List<Collective> group = group(3);
    Future<?> blockedInRing = threads.submit(() -> ones(10).use(group.get(0)::allReduceSum));
    Future<?> blockedElsewhere = threads.submit(() -> ones(10).use(group.get(1)::allReduceSum));
    group.get(2).abort(GroupFailure.last("loss is NaN at step 7"));
    for (Future<?> blocked : List.of(blockedInRing, blockedElsewhere)) {
      assertThatThrownBy(() -> blocked.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CollectiveException.class)
          .hasStackTraceContaining("rank 2 aborted: loss is NaN at step 7");
    }
    for (Collective member : group) {
      assertThatThrownBy(member::barrier)
          .isInstanceOf(CollectiveException.class)
          .hasMessage("rank 2 aborted: loss is NaN at step 7");
    }
  }

  @Test
  void abortReachesRanksInSmallOperations() throws Exception {
    List<Collective> group = group(3);
    List<Future<?>> blocked = new ArrayList<>();
    blocked.add(threads.submit(() -> group.get(0).barrier()));
    blocked.add(threads.submit(() -> group.get(2).barrier()));
    group.get(1).abort(GroupFailure.passing("stopped"));
    for (Future<?> future : blocked) {
      assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
          .hasStackTraceContaining("rank 1 aborted: stopped");
    }
  }

  @Test
  void aRankThatLeavesFailsThoseThatNeedIt() throws Exception {
    List<Collective> group = group(3);
    onAll(group, CollectiveContract::barrier);
    group.get(1).close();
    for (int rank : new int[] {0, 2}) {
      Future<?> blocked = threads.submit(() -> ones(10).use(group.get(rank)::allReduceSum));
      assertThatThrownBy(() -> blocked.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CollectiveException.class)
          .hasStackTraceContaining("rank 1 has left the group");
    }
  }

  @Test
  void ranksMayLeaveAtDifferentTimesAfterTheLastOperation() throws Exception {
    for (int round = 0; round < 20; round++) {
      List<Collective> group = group(3);
      onAll(
          group,
          member -> {
            ones(1000).use(member::allReduceSum);
            member.barrier();
            member.close();
            return member;
          });
    }
  }

  @Test
  void aRankThatComputesForLongIsWaitedFor() throws Exception {
    List<Collective> group = open(3, SHORT);
    opened.addAll(group);
    onAll(group, CollectiveContract::barrier);
    List<Future<double[]>> waiting = new ArrayList<>();
    for (int rank = 0; rank < 2; rank++) {
      Collective member = group.get(rank);
      waiting.add(threads.submit(() -> sumTwice(member)));
    }
    long manyTimes = 6 * SHORT.toMillis();
    assertThatThrownBy(() -> waiting.get(0).get(manyTimes, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    NativeFloats late = ones(10);
    late.use(group.get(2)::allReduceSum);
    assertThatThrownBy(() -> waiting.get(1).get(manyTimes, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    assertThat(group.get(2).allReduceSum(new double[] {3})).containsExactly(9);
    for (Future<double[]> future : waiting) {
      assertThat(future.get(10, TimeUnit.SECONDS)).containsExactly(9);
    }
  }

  private static double[] sumTwice(Collective member) {
    NativeFloats values = ones(10);
    values.use(member::allReduceSum);
    assertThat(values.values()[0]).isEqualTo(3);
    return member.allReduceSum(new double[] {3});
  }

  @Test
  void everyRankLearnsWhetherAFailureIsFinal() throws Exception {
    for (GroupFailure failure : List.of(GroupFailure.last("NaN"), GroupFailure.passing("lost"))) {
      for (int speaker = 0; speaker < 3; speaker++) {
        List<Collective> group = group(3);
        group.get(speaker).abort(failure);
        GroupFailure heard = failure.abortedBy(speaker);
        List<GroupFailure> failures = onAll(group, CollectiveContract::failureOf);
        assertThat(failures).containsOnly(heard);
      }
    }
  }

  private static GroupFailure failureOf(Collective member) {
    try {
      member.barrier();
      throw new AssertionError("the barrier held");
    } catch (CollectiveException e) {
      return e.failure();
    }
  }

  @Test
  void ranksOutOfStepLearnWhatEachWasIn() throws Exception {
    List<Collective> group = group(3);
    Future<?> ring = threads.submit(() -> ones(10).use(group.get(1)::allReduceSum));
    Future<?> star = threads.submit(() -> group.get(2).barrier());
    for (Future<?> future : List.of(ring, star)) {
      assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CollectiveException.class)
          .hasStackTraceContaining("Ranks are out of step")
          .hasStackTraceContaining("allReduceSum (operation")
          .hasStackTraceContaining("barrier (operation");
    }
  }

  @Test
  void differentLengthsAreOutOfStep() throws Exception {
    List<Collective> group = group(2);
    Future<?> ten = threads.submit(() -> ones(10).use(group.get(0)::allReduceSum));
    Future<?> eleven = threads.submit(() -> ones(11).use(group.get(1)::allReduceSum));
    for (Future<?> future : List.of(ten, eleven)) {
      assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS))
          .hasStackTraceContaining("10 values")
          .hasStackTraceContaining("11 values");
    }
  }

  @Test
  void closesTwice() throws Exception {
    for (Collective member : group(2)) {
      member.close();
      member.close();
      assertThatThrownBy(member::barrier).isInstanceOf(CollectiveException.class);
    }
  }

  @Test
  void anInterruptedRankFailsAndSaysSo() throws Exception {
    List<Collective> group = group(2);
    CountDownLatch started = new CountDownLatch(1);
    Future<Boolean> blocked =
        threads.submit(
            () -> {
              Thread.currentThread().interrupt();
              started.countDown();
              assertThatThrownBy(() -> ones(10).use(group.get(0)::allReduceSum))
                  .isInstanceOf(CollectiveException.class)
                  .hasMessageContaining("interrupted");
              return Thread.interrupted();
            });
    started.await();
    assertThat(blocked.get(10, TimeUnit.SECONDS)).isTrue();
  }

  protected final List<Collective> group(int worldSize) throws Exception {
    List<Collective> group = open(worldSize, PATIENT);
    opened.addAll(group);
    return group;
  }

  protected final <T> List<T> onAll(List<Collective> group, Work<T> work) throws Exception {
    return Together.run(threads, group, work::with);
  }

  /** What one rank does. */
  protected interface Work<T> {
    T with(Collective member) throws Exception;
  }

  protected static NativeFloats ones(int length) {
    float[] values = new float[length];
    Arrays.fill(values, 1);
    return NativeFloats.of(values);
  }

  private static Collective barrier(Collective member) {
    member.barrier();
    return member;
  }

  private List<float[]> run(
      List<Collective> group, List<float[]> inputs, BiConsumer<Collective, FloatRegion> operation)
      throws Exception {
    return onAll(
        group,
        member -> {
          NativeFloats values = NativeFloats.of(inputs.get(member.rank()));
          operation.accept(member, values.region());
          return values.values();
        });
  }

  private static List<float[]> integers(int worldSize, int length) {
    return inputs(worldSize, length, random -> random.nextInt(1000));
  }

  private static List<float[]> normals(int worldSize, int length) {
    return inputs(worldSize, length, random -> (float) random.nextGaussian());
  }

  private static List<float[]> inputs(int worldSize, int length, Function<Random, Number> draw) {
    Random random = new Random(SEED + length);
    List<float[]> inputs = new ArrayList<>();
    for (int rank = 0; rank < worldSize; rank++) {
      float[] values = new float[length];
      for (int i = 0; i < length; i++) {
        values[i] = draw.apply(random).floatValue();
      }
      inputs.add(values);
    }
    return inputs;
  }

  private static float[] exactSum(List<float[]> inputs) {
    float[] sum = new float[inputs.get(0).length];
    for (float[] input : inputs) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += input[i];
      }
    }
    return sum;
  }
}
