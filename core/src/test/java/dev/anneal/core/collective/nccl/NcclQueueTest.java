package dev.anneal.core.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Together;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.cuda.CudaMemory;
import dev.anneal.core.tensor.cuda.CudaStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The enqueue form over the test library: what runs behind a rank's back, and how it ends. */
@Timeout(30)
class NcclQueueTest {
  private static final Duration PATIENT = Duration.ofSeconds(30);
  private static final int BF16_ONE = 0x3f80;
  private static final int BF16_THREE = 0x4040;
  private static final int FP16_ONE = 0x3c00;
  private static final int FP16_THREE = 0x4200;

  private final FakeNccl fake = FakeNccl.orSkip();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    fake.letGo();
    for (AutoCloseable one : opened) {
      one.close();
    }
    threads.shutdownNow();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    assertThat(fake.live()).containsOnly(0);
  }

  @Test
  void workTravelsWhileTheRankGoesOn() throws Exception {
    List<NcclCollective> group = connected(2, PATIENT);
    CudaMemory first = floats(0, 1, 2, 3, 4);
    CudaMemory second = floats(0, 10, 20);
    NcclWork sum = enqueue(group.get(0), DeviceOperation.allReduceSum(region(first, 4)));
    NcclWork copy = enqueue(group.get(0), DeviceOperation.broadcast(region(second, 2), 1));
    assertThat(sum.done()).isFalse();
    assertThat(copy.done()).isFalse();

    CudaMemory theirs = floats(1, 5, 6, 7, 8);
    CudaMemory sent = floats(1, 30, 40);
    enqueue(group.get(1), DeviceOperation.allReduceSum(region(theirs, 4))).await();
    enqueue(group.get(1), DeviceOperation.broadcast(region(sent, 2), 1)).await();
    sum.await();
    copy.await();
    assertThat(sum.done()).isTrue();
    assertThat(values(first, 4)).containsExactly(6, 8, 10, 12);
    assertThat(values(theirs, 4)).containsExactly(6, 8, 10, 12);
    assertThat(values(second, 2)).containsExactly(30, 40);
  }

  @Test
  void severalOperationsGoAsOneGroup() throws Exception {
    List<float[]> results =
        onAll(
            connected(2, PATIENT),
            member -> {
              int rank = member.rank();
              CudaMemory sums = floats(rank, rank + 1, 10, 100, 1000);
              CudaMemory parts = floats(rank, rank, rank);
              enqueue(
                      member,
                      DeviceOperation.reduceScatterSum(region(sums, 4)),
                      DeviceOperation.allGather(region(parts, 2)))
                  .await();
              float[] own = values(sums, 4);
              float[] all = values(parts, 2);
              return new float[] {own[2 * rank], own[2 * rank + 1], all[0], all[1]};
            });
    assertThat(results.get(0)).containsExactly(3, 20, 0, 1);
    assertThat(results.get(1)).containsExactly(200, 2000, 0, 1);
  }

  @Test
  void allReducesOfAGroupAreWholeBeforeTheyAreShared() throws Exception {
    List<float[]> results =
        onAll(
            connected(3, PATIENT),
            member -> {
              CudaMemory five = floats(member.rank(), 1, 2, 3, 4, 5);
              CudaMemory two = floats(member.rank(), 10, 20);
              enqueue(
                      member,
                      DeviceOperation.allReduceSum(region(five, 5)),
                      DeviceOperation.allReduceSum(region(two, 2)))
                  .await();
              float[] sums = values(five, 5);
              float[] more = values(two, 2);
              return new float[] {sums[0], sums[1], sums[2], sums[3], sums[4], more[0], more[1]};
            });
    for (float[] result : results) {
      assertThat(result).containsExactly(3, 6, 9, 12, 15, 30, 60);
    }
  }

  @Test
  void sixteenBitValuesAreSummedAsWhatTheyAre() throws Exception {
    List<int[]> results =
        onAll(
            connected(3, PATIENT),
            member -> {
              CudaMemory brain = shorts(member.rank(), BF16_ONE, 0x4380);
              CudaMemory half = shorts(member.rank(), FP16_ONE, 0x6800);
              enqueue(
                      member,
                      DeviceOperation.allReduceSum(region(brain, 2, NcclType.BFLOAT16)),
                      DeviceOperation.allReduceSum(region(half, 2, NcclType.FLOAT16)))
                  .await();
              return new int[] {at(brain, 0), at(brain, 1), at(half, 0), at(half, 1)};
            });
    // 3·256 = 768 in bf16, 3·2048 = 6144 in fp16.
    for (int[] result : results) {
      assertThat(result).containsExactly(BF16_THREE, 0x4440, FP16_THREE, 0x6e00);
    }
  }

  @Test
  void anotherStreamFindsTheResultWithoutTheHost() throws Exception {
    List<float[]> results =
        onAll(
            connected(2, PATIENT),
            member -> {
              CudaMemory sums = floats(member.rank(), 1, 2);
              CudaMemory copied = floats(member.rank(), 0, 0);
              CudaStream other = keep(fake.cuda().openStream());
              NcclWork work = enqueue(member, DeviceOperation.allReduceSum(region(sums, 2)));
              work.before(other);
              fake.cuda().copy(copied.address(), sums.address(), 2L * Float.BYTES, other);
              other.synchronize();
              return values(copied, 2);
            });
    assertThat(results).allSatisfy(values -> assertThat(values).containsExactly(2, 4));
  }

  @Test
  void operationsFollowTheStreamThatMadeTheirValues() throws Exception {
    List<NcclCollective> group = connected(2, PATIENT);
    CudaMemory late = floats(0, 7);
    CudaMemory mine = floats(0, 0);
    CudaMemory theirs = floats(1, 5);
    NcclWork other = enqueue(group.get(1), DeviceOperation.allReduceSum(region(theirs, 1)));
    fake.cuda().use(0);
    CudaStream compute = keep(fake.cuda().openStream());
    fake.hold(compute);
    fake.cuda().copy(mine.address(), late.address(), Float.BYTES, compute);
    DeviceOperation sum = DeviceOperation.allReduceSum(region(mine, 1));
    NcclWork work = keep(group.get(0).queue().enqueue(compute, sum));
    Future<?> waiting = threads.submit(other::await);
    assertThatThrownBy(() -> waiting.get(100, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    fake.letGo();
    work.await();
    waiting.get(5, TimeUnit.SECONDS);
    assertThat(values(mine, 1)).containsExactly(12);
    assertThat(values(theirs, 1)).containsExactly(12);
  }

  @Test
  void aRankThatWaitsForItsCardInsideNativeCodeGetsFree() throws Exception {
    List<NcclCollective> group = connected(2, PATIENT);
    CudaMemory sums = floats(0, 1);
    NcclWork work = enqueue(group.get(0), DeviceOperation.allReduceSum(region(sums, 1)));
    fake.cuda().use(0);
    CudaStream compute = keep(fake.cuda().openStream());
    work.before(compute);
    Future<?> blocked = threads.submit(compute::synchronize);
    assertThat(blocked.isDone()).isFalse();
    group.get(1).abort(GroupFailure.last("loss is NaN"));
    blocked.get(5, TimeUnit.SECONDS);
    assertThatThrownBy(work::await)
        .isInstanceOf(CollectiveException.class)
        .hasMessage("rank 1 aborted: loss is NaN");
  }

  @Test
  void whatNcclFindsWrongReachesEveryRank() throws Exception {
    List<NcclCollective> group = connected(3, PATIENT);
    List<Future<?>> waiting = new ArrayList<>();
    for (int rank = 0; rank < 2; rank++) {
      CudaMemory sums = floats(rank, 1);
      NcclWork work = enqueue(group.get(rank), DeviceOperation.allReduceSum(region(sums, 1)));
      waiting.add(threads.submit(work::await));
    }
    assertThat(fake.breakCard(1, "NET/IB : Got completion with error 12")).isEqualTo(1);
    for (Future<?> future : waiting) {
      assertThatThrownBy(() -> future.get(5, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CollectiveException.class)
          .hasStackTraceContaining(
              "rank 1 failed: NCCL cannot exchange values: remote process exited or there was a"
                  + " network error, NET/IB : Got completion with error 12");
    }
    assertThatThrownBy(group.get(2)::barrier).isInstanceOf(CollectiveException.class);
  }

  @Test
  void typesThatDifferFail() throws Exception {
    List<NcclCollective> group = connected(2, PATIENT);
    NcclType[] types = {NcclType.FLOAT16, NcclType.BFLOAT16};
    List<String> failures =
        onAll(
            group,
            member -> {
              CudaMemory sums = shorts(member.rank(), 0, 0);
              DeviceRegion region = region(sums, 2, types[member.rank()]);
              try {
                enqueue(member, DeviceOperation.allReduceSum(region)).await();
                throw new AssertionError("it was summed");
              } catch (CollectiveException e) {
                return e.getMessage();
              }
            });
    assertThat(failures).allMatch(message -> message.contains("invalid argument"));
  }

  @Test
  void anOperationInWhichNothingMovesFailsOnceAllAreInIt() throws Exception {
    List<NcclCollective> group = connected(2, Duration.ofMillis(1_200));
    fake.cuda().use(1);
    CudaStream stuck = keep(fake.cuda().openStream());
    fake.hold(stuck);
    CudaMemory theirs = floats(1, 1);
    keep(group.get(1).queue().enqueue(stuck, DeviceOperation.allReduceSum(region(theirs, 1))));
    CudaMemory mine = floats(0, 1);
    NcclWork work = enqueue(group.get(0), DeviceOperation.allReduceSum(region(mine, 1)));
    assertThatThrownBy(work::await)
        .isInstanceOf(CollectiveException.class)
        .hasMessageStartingWith("rank 0 in allReduceSum (operation")
        .hasMessageEndingWith("waited 1200 ms for its end");
  }

  @Test
  void refusesNothingAndWhatIsNoOperationOfACard() throws Exception {
    NcclCollective alone = connected(1, PATIENT).get(0);
    CudaStream compute = fake.cuda().computeStream();
    assertThatThrownBy(() -> alone.queue().enqueue(compute))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid operations: none (must be at least one)");
    assertThatThrownBy(() -> new DeviceRegion(0, 3, NcclType.FLOAT32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid address: 0 for 3 values");
  }

  private List<NcclCollective> connected(int worldSize, Duration patience) throws Exception {
    LocalGroup local = LocalGroup.of(worldSize);
    List<ControlCollective> controls =
        IntStream.range(0, worldSize).mapToObj(local::member).toList();
    List<NcclCollective> group = NcclGroups.open(fake, controls, patience);
    opened.addAll(0, group);
    return group;
  }

  private NcclWork enqueue(NcclCollective member, DeviceOperation... operations) {
    return keep(member.queue().enqueue(fake.cuda().computeStream(), operations));
  }

  private <T> List<T> onAll(List<NcclCollective> group, Together.Work<NcclCollective, T> work)
      throws Exception {
    return Together.run(threads, group, work);
  }

  private CudaMemory floats(int card, float... values) {
    CudaMemory memory = memory(card, values.length * Float.BYTES);
    HostMemory.put(values, new FloatRegion(memory.address(), values.length));
    return memory;
  }

  private CudaMemory shorts(int card, int... values) {
    CudaMemory memory = memory(card, values.length * Short.BYTES);
    ByteBuffer bytes = bytes(memory);
    for (int value : values) {
      bytes.putShort((short) value);
    }
    return memory;
  }

  private CudaMemory memory(int card, int bytes) {
    fake.cuda().use(card);
    return keep(fake.cuda().allocate(bytes));
  }

  private synchronized <T extends AutoCloseable> T keep(T closeable) {
    opened.add(closeable);
    return closeable;
  }

  private static int at(CudaMemory memory, int index) {
    return bytes(memory).getShort(index * Short.BYTES) & 0xffff;
  }

  private static ByteBuffer bytes(CudaMemory memory) {
    return HostMemory.bytes(new FloatRegion(memory.address(), memory.bytes() / Float.BYTES));
  }

  private static float[] values(CudaMemory memory, int count) {
    return HostMemory.floats(new FloatRegion(memory.address(), count));
  }

  private static DeviceRegion region(CudaMemory memory, int length) {
    return region(memory, length, NcclType.FLOAT32);
  }

  private static DeviceRegion region(CudaMemory memory, int length, NcclType type) {
    return new DeviceRegion(memory.address(), length, type);
  }
}
