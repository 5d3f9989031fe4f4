package dev.anneal.core.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Together;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.cuda.CudaMemory;
import dev.anneal.core.tensor.cuda.CudaRuntime;
import dev.anneal.core.tensor.cuda.CudaStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What NCCL does on memory of cards, as many as there are up to four; a rank is a thread. */
@Timeout(120)
abstract class CardsContract {
  private static final int MOST = 4;
  private static final long SEED = 20_240_607L;
  private static final double FP32_EPSILON = Math.ulp(1.0f);
  private static final NcclTimeouts TIMEOUTS =
      new NcclTimeouts(Duration.ofSeconds(60), Duration.ofSeconds(60));

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<NcclCollective> opened = new ArrayList<>();

  /** A card with its libraries; skips the test where there is none. */
  abstract NcclCard card(int ordinal);

  /** How many values are summed: a multiple of 12. */
  abstract int length();

  @AfterEach
  void close() throws InterruptedException {
    opened.forEach(NcclCollective::close);
    threads.shutdownNow();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void sumsAreThoseOfFp64WithinTheRoundingOfAdding() throws Exception {
    List<NcclCollective> group = group();
    List<float[]> results = run(group, length(), NcclCollective::allReduceSum);
    List<float[]> inputs = new ArrayList<>();
    for (int rank = 0; rank < group.size(); rank++) {
      inputs.add(input(rank, length()));
    }
    for (int i = 0; i < length(); i++) {
      double sum = 0;
      double size = 0;
      for (float[] input : inputs) {
        float value = input[i];
        sum += value;
        size += Math.abs(value);
      }
      double error = Math.abs(results.get(0)[i] - sum);
      if (error > group.size() * FP32_EPSILON * size) {
        throw new AssertionError("value " + i + " is off by " + error + " of " + size);
      }
    }
  }

  @Test
  void bothFormsOfASumHaveTheSameBitsOnEveryRankAndAgain() throws Exception {
    List<NcclCollective> group = group();
    List<float[]> whole = run(group, length(), NcclCollective::allReduceSum);
    List<float[]> again = run(group, length(), NcclCollective::allReduceSum);
    List<float[]> scattered = run(group, length(), NcclCollective::reduceScatterSum);
    int chunk = length() / group.size();
    for (int rank = 0; rank < group.size(); rank++) {
      assertThat(whole.get(rank)).isEqualTo(whole.get(0));
      assertThat(again.get(rank)).isEqualTo(whole.get(0));
      int start = rank * chunk;
      assertThat(Arrays.copyOfRange(scattered.get(rank), start, start + chunk))
          .isEqualTo(Arrays.copyOfRange(whole.get(0), start, start + chunk));
    }
  }

  @Test
  void gathersAndBroadcastsCopy() throws Exception {
    List<NcclCollective> group = group();
    int chunk = length() / group.size();
    for (float[] gathered : run(group, length(), NcclCollective::allGather)) {
      for (int rank = 0; rank < group.size(); rank++) {
        float[] theirs = input(rank, length());
        assertThat(gathered[rank * chunk]).isEqualTo(theirs[rank * chunk]);
        assertThat(gathered[(rank + 1) * chunk - 1]).isEqualTo(theirs[(rank + 1) * chunk - 1]);
      }
    }
    int root = group.size() - 1;
    for (float[] sent : run(group, 1001, (member, region) -> member.broadcast(region, root))) {
      assertThat(sent).isEqualTo(input(root, 1001));
    }
  }

  @Test
  void sixteenBitValuesAreSummedAsWhatTheyAre() throws Exception {
    // Bits of 1 and of 2, twice in a float's place: exact in both types.
    int[] ones = {0x3f803f80, 0x3c003c00};
    int[] twos = {0x40004000, 0x40004000};
    NcclType[] types = {NcclType.BFLOAT16, NcclType.FLOAT16};
    List<NcclCollective> group = group();
    assumeThat(group.size()).as("cards").isGreaterThan(1);
    List<NcclCollective> pair = group.size() == 2 ? group : group(2);
    for (int t = 0; t < types.length; t++) {
      NcclType type = types[t];
      float one = Float.intBitsToFloat(ones[t]);
      List<float[]> results =
          onAll(
              pair,
              member ->
                  onCard(
                      member,
                      new float[] {one, one},
                      address -> {
                        DeviceRegion region = new DeviceRegion(address, 4, type);
                        CudaStream compute = card(member.rank()).cuda().computeStream();
                        DeviceOperation sum = DeviceOperation.allReduceSum(region);
                        try (NcclWork work = member.queue().enqueue(compute, sum)) {
                          work.await();
                        }
                      }));
      for (float[] result : results) {
        assertThat(Float.floatToRawIntBits(result[0])).isEqualTo(twos[t]);
        assertThat(Float.floatToRawIntBits(result[1])).isEqualTo(twos[t]);
      }
    }
  }

  @Test
  void anAbortFreesARankWhoseCardWaits() throws Exception {
    List<NcclCollective> group = group();
    assumeThat(group.size()).as("cards").isGreaterThan(1);
    run(group, 1001, NcclCollective::allReduceSum);
    NcclCollective first = group.get(0);
    Future<?> waiting =
        threads.submit(
            () ->
                onCard(
                    first,
                    input(0, 1001),
                    address -> first.allReduceSum(new FloatRegion(address, 1001))));
    group.get(1).abort(GroupFailure.last("loss is NaN"));
    assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(CollectiveException.class)
        .hasStackTraceContaining("rank 1 aborted: loss is NaN");
  }

  private List<NcclCollective> group() throws Exception {
    return group(Math.min(MOST, card(0).cuda().cards()));
  }

  private List<NcclCollective> group(int worldSize) throws Exception {
    opened.forEach(NcclCollective::close);
    opened.clear();
    LocalGroup local = LocalGroup.of(worldSize);
    List<ControlCollective> controls =
        IntStream.range(0, worldSize).mapToObj(local::member).toList();
    List<Callable<NcclCollective>> opens = new ArrayList<>();
    for (ControlCollective control : controls) {
      opens.add(() -> NcclCollective.open(control, card(control.rank()), TIMEOUTS));
    }
    for (Future<NcclCollective> open : threads.invokeAll(opens)) {
      opened.add(open.get());
    }
    return List.copyOf(opened);
  }

  /** An operation of one rank on a region of its card. */
  private interface RegionOperation {
    void apply(NcclCollective member, FloatRegion region);
  }

  private List<float[]> run(List<NcclCollective> group, int length, RegionOperation operation)
      throws Exception {
    return onAll(
        group,
        member ->
            onCard(
                member,
                input(member.rank(), length),
                address -> operation.apply(member, new FloatRegion(address, length))));
  }

  private <T> List<T> onAll(List<NcclCollective> group, Together.Work<NcclCollective, T> work)
      throws Exception {
    return Together.run(threads, group, work);
  }

  /** Copies values to the rank's card, works there by address, and copies them back. */
  private float[] onCard(NcclCollective member, float[] values, Consumer<Long> work) {
    NcclCard card = card(member.rank());
    CudaRuntime cuda = card.cuda();
    cuda.use(card.ordinal());
    long bytes = (long) values.length * Float.BYTES;
    try (CudaMemory pinned = cuda.allocatePinned(bytes);
        CudaMemory onCard = cuda.allocate(bytes)) {
      FloatRegion host = new FloatRegion(pinned.address(), values.length);
      HostMemory.put(values, host);
      CudaStream compute = cuda.computeStream();
      cuda.copy(onCard.address(), pinned.address(), bytes, compute);
      work.accept(onCard.address());
      cuda.copy(pinned.address(), onCard.address(), bytes, compute);
      compute.synchronize();
      return HostMemory.floats(host);
    }
  }

  private static float[] input(int rank, int length) {
    Random random = new Random(SEED + 31L * rank + length);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
