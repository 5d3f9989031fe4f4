package dev.anneal.core.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.Operation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The star's thread and what it holds. */
@Timeout(60)
class StarLoopTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Operation BARRIER =
      new Operation(1, Operation.Kind.BARRIER, Operation.NO_ROOT, 0);

  private SocketChannel here;
  private SocketChannel there;

  @BeforeEach
  void connect() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (ServerSocketChannel server =
        ServerSocketChannel.open().bind(new InetSocketAddress(loopback, 0))) {
      there = SocketChannel.open(server.getLocalAddress());
      here = server.accept();
    }
  }

  @AfterEach
  void disconnect() throws IOException {
    here.close();
    there.close();
  }

  @Test
  void aThreadThatDiesByAnErrorIsHeard() throws Exception {
    OutOfMemoryError noMemory = new OutOfMemoryError("Java heap space");
    CompletableFuture<Throwable> heard = new CompletableFuture<>();
    StarLoop.Listener failing =
        new StarLoop.Listener() {
          @Override
          public void received(int peer, Frame frame) {
            throw noMemory;
          }

          @Override
          public void broken(int peer, String deed) {}

          @Override
          public void died(Throwable cause) {
            heard.complete(cause);
          }
        };
    StarChannels channels = new StarChannels(0, 2, 1, Map.of(1, here));
    try (StarLoop loop = new StarLoop(channels, failing, LONG)) {
      loop.start();
      there.write(Frame.bare(Frame.Type.ENTER, BARRIER).encode(1));
      assertThat(heard.get(10, TimeUnit.SECONDS)).isSameAs(noMemory);
    }
  }

  @Test
  void theDeathOfTheThreadFailsTheGroup() throws IOException {
    GroupHealth health = new GroupHealth();
    StarHub hub =
        new StarHub(
            new StarChannels(0, 2, 1, Map.of(1, here)), health, new TcpTimeouts(LONG, LONG));
    hub.died(new OutOfMemoryError("Java heap space"));
    String reason =
        "rank 0 can hear the others no more: java.lang.OutOfMemoryError: Java heap space";
    assertThat(health.failure().orElseThrow().reason()).isEqualTo(reason);
    assertThat(new FrameReader(1, 1000).read(there).orElseThrow().failure().reason())
        .isEqualTo(reason);
    hub.close();
  }

  /** A selector is an epoll instance and two pipes of this process until it is closed. */
  private static long selectors() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.filter(StarLoopTest::isSelector).count();
    }
  }

  private static boolean isSelector(Path file) {
    try {
      return Files.readSymbolicLink(file).toString().contains("[eventpoll]");
    } catch (IOException e) {
      return false; // closed while it was listed
    }
  }

  @Test
  void aGroupThatCannotBeMadeLeavesNoSelectorOpen() throws IOException {
    long before = selectors();
    for (int attempt = 0; attempt < 10; attempt++) {
      disconnect();
      connect();
      SocketChannel closed = SocketChannel.open();
      closed.close();
      Joining.Links links =
          new Joining.Links(
              new RingLinks(0, 2, 1, here, there), new StarChannels(0, 2, 1, Map.of(1, closed)));
      try {
        TcpCollective.over(links, new TcpTimeouts(LONG, LONG)).close();
        throw new AssertionError("a group on a closed link");
      } catch (CollectiveException e) {
        assertThat(e).hasMessage("Rank 0 cannot open its links");
      }
      assertThat(here.isOpen()).isFalse();
    }
    assertThat(selectors()).isLessThanOrEqualTo(before);
  }
}
