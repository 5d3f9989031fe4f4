package dev.anneal.core.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.NativeFloats;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.collective.tcp.TcpCollective;
import dev.anneal.core.collective.tcp.TcpEndpoint;
import dev.anneal.core.collective.tcp.TcpTimeouts;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.tensor.cuda.CudaStream;
import dev.anneal.core.tensor.cuda.NcclVersion;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A rank in another process is killed while rank 0's card waits for it. The test library knows one
 * process, so the dead rank's card is played by a thread here.
 */
@Timeout(60)
class NcclPeerDeathTest {
  private static final GroupIdentity IDENTITY =
      new GroupIdentity("run", 0, "0123456789abcdef-test");
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int VALUES = 3;

  private final FakeNccl fake = FakeNccl.orSkip();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void everythingIsClosed() {
    threads.shutdownNow();
    assertThat(fake.live()).containsOnly(0);
  }

  @Test
  void aKilledRankIsNamedAndTheCardIsAtRest() throws Exception {
    Process victim = start();
    try (BufferedReader output = reader(victim);
        PrintWriter input =
            new PrintWriter(victim.getOutputStream(), true, StandardCharsets.UTF_8)) {
      TcpEndpoint mine = TcpEndpoint.listen("127.0.0.1", 0, 0);
      List<String> addresses = List.of(mine.address(), output.readLine());
      input.println(String.join(" ", addresses));
      Future<?> rank = threads.submit(() -> sumTwice(mine, addresses));
      Future<?> card = threads.submit(() -> sumOnce(output.readLine()));
      card.get(20, TimeUnit.SECONDS);
      assertThat(output.readLine()).isEqualTo("first sum done");
      assertThat(rank.isDone()).isFalse();
      victim.destroyForcibly();
      assertThatThrownBy(() -> rank.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CollectiveException.class)
          .hasStackTraceContaining("rank 1 closed its connection");
    } finally {
      victim.destroyForcibly();
    }
  }

  private Void sumTwice(TcpEndpoint mine, List<String> addresses) {
    NcclTimeouts timeouts = new NcclTimeouts(LONG, LONG);
    ControlCollective control = join(mine, addresses, 0);
    try (NcclCollective group = NcclCollective.open(control, fake.card(0), timeouts)) {
      NativeFloats values = NativeFloats.of(1, 2, 3);
      group.allReduceSum(values.region());
      assertThat(values.values()).containsExactly(2, 4, 6);
      group.barrier();
      values.use(group::allReduceSum);
    }
    return null;
  }

  /** What the victim's card does, in a thread of this process. */
  private Void sumOnce(String uniqueId) {
    NcclCard card = fake.card(1);
    card.cuda().use(1);
    byte[] id = HexFormat.of().parseHex(uniqueId);
    NcclCommunicator communicator = NcclCommunicator.join(card.nccl(), id, 1, 2, () -> {});
    try (CudaStream stream = card.cuda().openStream()) {
      NativeFloats ones = NativeFloats.of(1, 1, 1);
      DeviceRegion first = DeviceRegion.of(ones.region());
      communicator.enqueue(List.of(DeviceOperation.allReduceSum(first)), stream, () -> {});
      NativeFloats values = NativeFloats.of(1, 2, 3);
      DeviceRegion region = DeviceRegion.of(values.region());
      communicator.enqueue(List.of(DeviceOperation.allReduceSum(region)), stream, () -> {});
      stream.synchronize();
      assertThat(ones.values()).containsOnly(2);
      assertThat(values.values()).containsExactly(2, 4, 6);
    } finally {
      communicator.abort();
    }
    return null;
  }

  private static ControlCollective join(TcpEndpoint mine, List<String> addresses, int rank) {
    return TcpCollective.join(mine, addresses, rank, IDENTITY, new TcpTimeouts(LONG, LONG));
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static Process start() throws Exception {
    String java = ProcessHandle.current().info().command().orElseThrow();
    String classes = System.getProperty("java.class.path");
    return new ProcessBuilder(java, "-Xmx64m", "-cp", classes, Victim.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Rank 1 as the control collective knows it, until it is killed. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] arguments) throws Exception {
      TcpEndpoint mine = TcpEndpoint.listen("127.0.0.1", 0, 0);
      System.out.println(mine.address());
      BufferedReader input =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      ControlCollective control = join(mine, List.of(input.readLine().split(" ")), 1);
      int version = new NcclVersion(2, 26, 2).code();
      byte[][] hellos =
          control.allGather(ByteBuffer.allocate(Integer.BYTES).putInt(version).array());
      int idStart = Integer.BYTES;
      System.out.println(HexFormat.of().formatHex(hellos[0], idStart, hellos[0].length));
      control.enter(Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, FirstSum.length(2));
      control.enter(Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, VALUES);
      control.barrier();
      control.enter(Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, VALUES);
      System.out.println("first sum done");
      new CountDownLatch(1).await();
    }
  }
}
