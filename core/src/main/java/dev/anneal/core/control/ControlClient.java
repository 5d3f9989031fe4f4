package dev.anneal.core.control;

import dev.anneal.core.net.Deadline;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.core.net.HostPort;
import dev.anneal.core.net.LinkConnector;
import dev.anneal.core.net.LinkHello;
import dev.anneal.core.net.LinkKind;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A rank's end of the channel. A driver that vanishes counts as an order to stop now. Thread-safe.
 */
public final class ControlClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlClient.class);
  private static final Duration SILENCE = ControlServer.BETWEEN_SIGNS.multipliedBy(4);

  private final ControlLink link;
  private final int rank;
  private final HostPort address;
  private final Map<Long, CompletableFuture<Void>> waiting = new HashMap<>();
  private Optional<ControlMessage.Stop> stop = Optional.empty();
  private Consumer<ControlMessage.Stop> stopAction = order -> {};
  private Optional<ControlException> end = Optional.empty();

  private ControlClient(ControlLink link, int rank, HostPort address) {
    this.link = link;
    this.rank = rank;
    this.address = address;
  }

  /**
   * Connects to the driver.
   *
   * @param address as {@link ControlServer#address} gave it
   * @throws ControlException when the driver cannot be reached in time or refuses this rank
   */
  public static ControlClient connect(
      String address, GroupIdentity identity, int rank, int worldSize, Duration timeout) {
    LinkHello hello = new LinkHello(LinkKind.DRIVER, rank, LinkHello.DRIVER, worldSize);
    return connect(address, identity, hello, timeout, SILENCE);
  }

  /**
   * @param silence of the driver after which it counts as gone
   */
  static ControlClient connect(
      String address, GroupIdentity identity, LinkHello hello, Duration timeout, Duration silence) {
    HostPort target = HostPort.parse(address);
    int rank = hello.from();
    ControlLink link;
    try {
      SocketChannel channel =
          new LinkConnector(identity).connect(target, hello, Deadline.after(timeout));
      link = new ControlLink(channel, silence);
    } catch (IOException e) {
      throw new ControlException("Rank " + rank + " cannot reach the driver: " + e.getMessage(), e);
    }
    ControlClient client = new ControlClient(link, rank, target);
    Thread reader = new Thread(client::readAll, "anneal-control-" + rank);
    reader.setDaemon(true);
    reader.start();
    return client;
  }

  /** Sends a message and goes on. */
  public void send(ControlMessage message) {
    try {
      link.send(message);
    } catch (IOException e) {
      throw gone(e);
    }
  }

  /**
   * Sends a message and waits until the driver has acted on it.
   *
   * @throws ControlException when the driver refuses, is gone, or does not answer in time
   */
  public void call(ControlMessage message, Duration timeout) {
    CompletableFuture<Void> answer = new CompletableFuture<>();
    try {
      link.ask(message, sequence -> await(sequence, answer));
      answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (IOException e) {
      throw gone(e);
    } catch (ExecutionException e) {
      throw new ControlException(e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new ControlException(
          "The driver did not answer rank " + rank + " within " + timeout.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ControlException("Rank " + rank + " was interrupted while it waited", e);
    }
  }

  /** The driver's order to end, if there is one. */
  public synchronized Optional<ControlMessage.Stop> stop() {
    return stop;
  }

  /** What to do on an order to end, once, on the reading thread; at once if it is there already. */
  public void onStop(Consumer<ControlMessage.Stop> action) {
    Objects.requireNonNull(action, "action");
    Optional<ControlMessage.Stop> present;
    synchronized (this) {
      stopAction = action;
      present = stop;
    }
    present.ifPresent(action);
  }

  private synchronized void await(long sequence, CompletableFuture<Void> answer) {
    end.ifPresentOrElse(answer::completeExceptionally, () -> waiting.put(sequence, answer));
  }

  private void readAll() {
    try {
      while (true) {
        handle(link.receive().message());
      }
    } catch (IOException e) {
      stopWithout(gone(e));
    } catch (RuntimeException | Error e) { // no order would ever be heard again
      stopWithout(new ControlException("Rank " + rank + " can hear the driver no more: " + e, e));
    }
  }

  private void stopWithout(ControlException driver) {
    if (end(driver)) {
      LOG.warn("rank={} event=driver-lost reason=\"{}\"", rank, driver.getMessage());
      stopFor(new ControlMessage.Stop(ControlMessage.Stop.When.NOW, driver.getMessage()));
    }
  }

  private void handle(ControlMessage message) {
    if (message instanceof ControlMessage.Ack ack) {
      answerOf(ack.sequence()).ifPresent(answer -> answer.complete(null));
    } else if (message instanceof ControlMessage.Refused refused) {
      answerOf(refused.sequence())
          .ifPresent(
              answer -> answer.completeExceptionally(new ControlException(refused.reason())));
    } else if (message instanceof ControlMessage.Stop order) {
      stopFor(order);
    } else if (!(message instanceof ControlMessage.Alive)) {
      LOG.warn("rank={} event=unexpected-message message={}", rank, message);
    }
  }

  private synchronized Optional<CompletableFuture<Void>> answerOf(long sequence) {
    return Optional.ofNullable(waiting.remove(sequence));
  }

  /** An order to stop now overrides one to stop after the step; otherwise the first stays. */
  private void stopFor(ControlMessage.Stop order) {
    Consumer<ControlMessage.Stop> action;
    synchronized (this) {
      boolean harder =
          order.when() == ControlMessage.Stop.When.NOW
              && stop.map(s -> s.when() != ControlMessage.Stop.When.NOW).orElse(true);
      if (stop.isPresent() && !harder) {
        return;
      }
      stop = Optional.of(order);
      action = stopAction;
    }
    action.accept(order);
  }

  /**
   * Fails who waits, and who asks later, with one reason; returns whether it was open until now.
   */
  private boolean end(ControlException reason) {
    Map<Long, CompletableFuture<Void>> left;
    boolean wasOpen;
    synchronized (this) {
      wasOpen = end.isEmpty();
      if (wasOpen) {
        end = Optional.of(reason);
      }
      left = Map.copyOf(waiting);
      waiting.clear();
    }
    left.values().forEach(answer -> answer.completeExceptionally(reason));
    return wasOpen;
  }

  private ControlException gone(IOException e) {
    String reason = e.getMessage() == null ? "end of stream" : e.getMessage();
    return new ControlException(
        "Rank " + rank + " has lost the driver at " + address + ": " + reason, e);
  }

  /** Says farewell, if the driver is still there, and closes the connection. */
  @Override
  public void close() {
    if (!end(new ControlException("The channel to the driver is closed"))) {
      return;
    }
    try (link) {
      link.send(new ControlMessage.Goodbye());
    } catch (IOException e) {
      LOG.debug("rank={} event=farewell-failed reason={}", rank, e.getMessage());
    }
  }
}
