package dev.anneal.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.net.LinkHello;
import dev.anneal.core.net.LinkKind;
import dev.anneal.core.net.ListeningSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A driver whose connection stays open: does it live? */
@Timeout(60)
class SilentDriverTest {
  private static final GroupIdentity IDENTITY =
      new GroupIdentity("run", 1, "0123456789abcdef-test");
  private static final LinkHello RANK = new LinkHello(LinkKind.DRIVER, 0, LinkHello.DRIVER, 1);
  private static final Duration PATIENT = Duration.ofSeconds(10);
  private static final Duration SILENCE = Duration.ofMillis(400);

  private final CompletableFuture<String> stopped = new CompletableFuture<>();

  private ControlServer driver(Duration betweenSigns) {
    ListeningSocket socket = ListeningSocket.open("127.0.0.1", 0, 0, "distributed.port");
    return ControlServer.start(socket, IDENTITY, 1, new RecordingListener(), betweenSigns);
  }

  private ControlClient rankOf(ControlServer driver) {
    ControlClient rank = ControlClient.connect(driver.address(), IDENTITY, RANK, PATIENT, SILENCE);
    rank.onStop(order -> stopped.complete(order.when() + " " + order.reason()));
    return rank;
  }

  @Test
  void aDriverWhoseHostFallsSilentIsAnOrderToStopNow() throws Exception {
    try (ControlServer driver = driver(Duration.ofHours(1));
        ControlClient rank = rankOf(driver)) {
      assertThat(stopped.get(10, TimeUnit.SECONDS))
          .isEqualTo(
              "NOW Rank 0 has lost the driver at "
                  + driver.address()
                  + ": no sign of life for 400 ms");
      assertThatThrownBy(() -> rank.call(new ControlMessage.Note("there?"), PATIENT))
          .isInstanceOf(ControlException.class);
    }
  }

  @Test
  void aDriverThatHasNothingToSayIsThere() throws Exception {
    try (ControlServer driver = driver(SILENCE.dividedBy(20));
        ControlClient rank = rankOf(driver)) {
      assertThatThrownBy(() -> stopped.get(3 * SILENCE.toMillis(), TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      rank.call(new ControlMessage.Note("there?"), PATIENT);
    }
  }
}
