package dev.anneal.core.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.NativeFloats;
import dev.anneal.core.collective.Operation;
import dev.anneal.core.net.Deadline;
import dev.anneal.core.net.HostPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers whose connections stay open while nothing comes over them. */
@Timeout(60)
class SilentPeerTest {
  private static final int ATTEMPT = LoopbackGroup.IDENTITY.attempt();
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Operation JOINED =
      new Operation(1, Operation.Kind.BARRIER, Operation.NO_ROOT, 0);
  private static final Operation SUM =
      new Operation(2, Operation.Kind.ALL_REDUCE, Operation.NO_ROOT, 3);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<TcpEndpoint> endpoints = LoopbackGroup.endpoints(2);
  private final List<String> addresses = LoopbackGroup.addresses(endpoints);

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private Future<Collective> join(int rank, TcpTimeouts timeouts) {
    return threads.submit(
        () ->
            TcpCollective.join(
                endpoints.get(rank), addresses, rank, LoopbackGroup.IDENTITY, timeouts));
  }

  /** The open links of a rank that this test plays itself. */
  private Joining.Links played(int rank) {
    List<HostPort> parsed = addresses.stream().map(HostPort::parse).toList();
    return new Joining(parsed, rank, LoopbackGroup.IDENTITY)
        .join(endpoints.get(rank), Deadline.after(LONG));
  }

  private static void say(SocketChannel channel, Frame frame) throws IOException {
    ByteBuffer bytes = frame.encode(ATTEMPT);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static TcpTimeouts silence(Duration silence) {
    return new TcpTimeouts(LONG, LONG, silence);
  }

  @Test
  void aRankWhoseHostFallsSilentIsLost() throws Exception {
    Future<Collective> first = join(0, silence(Duration.ofMillis(300)));
    Joining.Links silent = played(1);
    say(silent.star().byPeer().get(0), new Frame(Frame.Type.GIVE, JOINED, new byte[0]));
    try (Collective member = first.get(10, TimeUnit.SECONDS)) {
      Future<?> blocked = threads.submit(() -> NativeFloats.of(1, 2, 3).use(member::allReduceSum));
      assertThatThrownBy(() -> blocked.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CollectiveException.class)
          .hasStackTraceContaining(
              "rank 1 has given no sign of life for 300 ms, last seen in barrier (operation 1");
    }
    silent.close();
  }

  @Test
  void rank0WhoseHostFallsSilentIsLostToo() throws Exception {
    Joining.Links silent;
    Future<Collective> second = join(1, silence(Duration.ofMillis(300)));
    silent = played(0);
    byte[] taken = Payloads.join(new byte[][] {{}, {}});
    say(silent.star().byPeer().get(1), new Frame(Frame.Type.TAKE, JOINED, taken));
    try (Collective member = second.get(10, TimeUnit.SECONDS)) {
      Future<?> blocked = threads.submit(member::barrier);
      assertThatThrownBy(() -> blocked.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CollectiveException.class)
          .hasStackTraceContaining("rank 0 has given no sign of life for 300 ms");
    }
    silent.close();
  }

  @Test
  void aRingThatStandsStillWithEveryRankInItFails() throws Exception {
    Duration patience = Duration.ofMillis(300);
    Future<Collective> first = join(0, new TcpTimeouts(LONG, patience));
    Joining.Links stuck = played(1);
    Star star = new StarSpoke(stuck.star(), new GroupHealth(), LONG);
    assertThat(star.exchange(JOINED, new byte[0], Deadline.after(LONG))).hasNumberOfRows(2);
    star.enter(SUM);
    try (Collective member = first.get(10, TimeUnit.SECONDS)) {
      Future<?> blocked = threads.submit(() -> NativeFloats.of(1, 2, 3).use(member::allReduceSum));
      assertThatThrownBy(() -> blocked.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(CollectiveException.class)
          .hasStackTraceContaining(
              "rank 0 in allReduceSum (operation 2, 3 values) waited 300 ms without progress for"
                  + " rank 1");
    }
    star.close();
    stuck.close();
  }
}
