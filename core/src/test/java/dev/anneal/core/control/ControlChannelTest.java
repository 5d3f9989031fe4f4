package dev.anneal.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.control.ControlMessage.Note;
import dev.anneal.core.control.ControlMessage.Stop;
import dev.anneal.core.net.Deadline;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.net.HostPort;
import dev.anneal.core.net.LinkConnector;
import dev.anneal.core.net.LinkHello;
import dev.anneal.core.net.LinkKind;
import dev.anneal.core.net.ListeningSocket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ControlChannelTest {
  private static final GroupIdentity IDENTITY =
      new GroupIdentity("运行 7", 1, "0123456789abcdef-test");
  private static final Duration PATIENT = Duration.ofSeconds(10);

  private final RecordingListener listener = new RecordingListener();
  private final ControlServer server =
      ControlServer.start(
          ListeningSocket.open("127.0.0.1", 0, 0, "distributed.port"), IDENTITY, 2, listener);

  @AfterEach
  void closeServer() {
    server.close();
  }

  @Test
  void messagesArriveInOrderAndTheRankTakesLeave() throws Exception {
    try (ControlClient client = connect(IDENTITY, 1)) {
      client.send(new Note("一"));
      client.send(new Note("二"));
      assertThat(listener.next()).isEqualTo("joined rank 1 of attempt 1");
      assertThat(listener.next()).isEqualTo("received rank 1 of attempt 1 Note[text=一]");
      assertThat(listener.next()).isEqualTo("received rank 1 of attempt 1 Note[text=二]");
    }
    assertThat(listener.next()).isEqualTo("left rank 1 of attempt 1");
  }

  @Test
  void aCallReturnsAfterTheDriverActed() throws Exception {
    try (ControlClient client = connect(IDENTITY, 0)) {
      client.call(new ControlMessage.CheckpointWritten(5, 0, "{\"files\":[]}"), PATIENT);
      listener.next();
      assertThat(listener.isEmpty()).isFalse();
      assertThat(listener.next()).contains("CheckpointWritten[step=5, rank=0");
    }
  }

  @Test
  void aCallFailsWithTheDriversReason() {
    try (ControlClient client = connect(IDENTITY, 0)) {
      assertThatThrownBy(() -> client.call(new Note("refuse me"), PATIENT))
          .isInstanceOf(ControlException.class)
          .hasMessage("Cannot commit step 3: disk full");
      client.call(new Note("still here"), PATIENT);
    }
  }

  @Test
  void anErrorOfTheDriversThreadEndsTheRankThatItServed() throws Exception {
    CompletableFuture<Stop> heard = new CompletableFuture<>();
    try (ControlClient client = connect(IDENTITY, 0)) {
      client.onStop(heard::complete);
      listener.next();
      client.send(new Note("no memory"));
      assertThat(listener.next()).isEqualTo("lost rank 0 of attempt 1");
      assertThat(heard.get(10, TimeUnit.SECONDS).when()).isEqualTo(Stop.When.NOW);
    }
  }

  @Test
  void anErrorOfTheRanksThreadFailsWhoWaitsForAnAnswer() throws Exception {
    try (ControlClient client = connect(IDENTITY, 0)) {
      client.onStop(
          order -> {
            throw new OutOfMemoryError("Java heap space");
          });
      listener.next();
      server.stop(new Stop(Stop.When.AFTER_STEP, "enough"));
      assertThatThrownBy(() -> client.call(new Note("still there?"), Duration.ofMinutes(2)))
          .isInstanceOf(ControlException.class)
          .hasMessageContaining("java.lang.OutOfMemoryError: Java heap space");
    }
  }

  @Test
  void whoAsksAfterTheEndHearsWhyItCame() throws Exception {
    CompletableFuture<Stop> lost = new CompletableFuture<>();
    try (ControlClient client = connect(IDENTITY, 0)) {
      client.onStop(
          order -> {
            if (order.when() == Stop.When.NOW) {
              lost.complete(order);
              return;
            }
            throw new OutOfMemoryError("Java heap space");
          });
      listener.next();
      server.stop(new Stop(Stop.When.AFTER_STEP, "enough"));
      lost.get(10, TimeUnit.SECONDS);
      assertThatThrownBy(() -> client.call(new Note("still there?"), PATIENT))
          .isInstanceOf(ControlException.class)
          .hasMessageContaining("java.lang.OutOfMemoryError: Java heap space");
    }
  }

  @Test
  void aStopReachesRanksThatAreThereAndThatComeLater() throws Exception {
    CompletableFuture<Stop> heard = new CompletableFuture<>();
    try (ControlClient first = connect(IDENTITY, 0)) {
      first.onStop(heard::complete);
      listener.next();
      Stop order = new Stop(Stop.When.AFTER_STEP, "eval loss rises");
      server.stop(order);
      assertThat(heard.get(10, TimeUnit.SECONDS)).isEqualTo(order);
      assertThat(first.stop()).contains(order);
      CompletableFuture<Stop> later = new CompletableFuture<>();
      try (ControlClient second = connect(IDENTITY, 1)) {
        second.onStop(later::complete);
        assertThat(later.get(10, TimeUnit.SECONDS)).isEqualTo(order);
      }
    }
  }

  @Test
  void aVanishedDriverIsAnOrderToStopNow() throws Exception {
    CompletableFuture<Stop> heard = new CompletableFuture<>();
    try (ControlClient client = connect(IDENTITY, 0)) {
      client.onStop(heard::complete);
      server.close();
      Stop order = heard.get(10, TimeUnit.SECONDS);
      assertThat(order.when()).isEqualTo(Stop.When.NOW);
      assertThat(order.reason()).startsWith("Rank 0 has lost the driver at " + server.address());
      assertThatThrownBy(() -> client.call(new Note("hello"), PATIENT))
          .isInstanceOf(ControlException.class);
    }
  }

  @Test
  void aRankThatVanishesIsLost() throws Exception {
    LinkHello hello = new LinkHello(LinkKind.DRIVER, 1, LinkHello.DRIVER, 2);
    HostPort address = HostPort.parse(server.address());
    SocketChannel channel =
        new LinkConnector(IDENTITY).connect(address, hello, Deadline.after(PATIENT));
    assertThat(listener.next()).isEqualTo("joined rank 1 of attempt 1");
    channel.close();
    assertThat(listener.next()).isEqualTo("lost rank 1 of attempt 1");
  }

  @Test
  void aNewerAttemptFencesTheOlder() throws Exception {
    CompletableFuture<Stop> heard = new CompletableFuture<>();
    try (ControlClient older = connect(IDENTITY, 0);
        ControlClient newer = connect(IDENTITY.withAttempt(2), 0)) {
      older.onStop(heard::complete);
      assertThat(heard.get(10, TimeUnit.SECONDS).when()).isEqualTo(Stop.When.NOW);
      assertThat(listener.next()).isEqualTo("joined rank 0 of attempt 1");
      assertThat(listener.next()).isEqualTo("joined rank 0 of attempt 2");
      newer.call(new Note("new"), PATIENT);
      assertThat(listener.next()).isEqualTo("received rank 0 of attempt 2 Note[text=new]");
      assertThatThrownBy(() -> connect(IDENTITY, 1))
          .isInstanceOf(ControlException.class)
          .hasMessageStartingWith("Rank 1 cannot reach the driver: the driver at")
          .hasMessageEndingWith("it belongs to another attempt of the run");
    }
  }

  @Test
  void strangersAndOthersAreRefused() {
    GroupIdentity impostor = new GroupIdentity(IDENTITY.runId(), 1, "another secret, wrong");
    assertThatThrownBy(() -> connect(impostor, 0))
        .hasMessageEndingWith("it does not know the secret of the run");
    assertThatThrownBy(() -> connect(impostor.withAttempt(9), 0))
        .hasMessageEndingWith("it does not know the secret of the run");
    try (ControlClient first = connect(IDENTITY, 0)) {
      first.call(new Note("here"), PATIENT);
      assertThatThrownBy(() -> connect(IDENTITY, 0))
          .hasMessageEndingWith("no such rank is expected");
      first.call(new Note("undisturbed"), PATIENT);
    }
  }

  @Test
  void closesTwiceAndThenRefusesToSend() {
    ControlClient client = connect(IDENTITY, 0);
    client.close();
    client.close();
    assertThatThrownBy(() -> client.call(new Note("late"), PATIENT))
        .isInstanceOf(ControlException.class);
    server.close();
    server.close();
  }

  @Test
  void aTakenPortNamesTheKey() {
    int port = HostPort.parse(server.address()).port();
    assertThatThrownBy(() -> ListeningSocket.open("127.0.0.1", port, port, "distributed.port"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("set distributed.port to a free port");
  }

  private ControlClient connect(GroupIdentity identity, int rank) {
    return ControlClient.connect(server.address(), identity, rank, 2, PATIENT);
  }
}
