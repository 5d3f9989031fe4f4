package dev.anneal.core.collective.nccl;

import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.GroupFailure;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The thread that aborts what runs on a rank's card when the group fails, so that a rank that waits
 * for its card inside libtorch gets free, and that tells the group what NCCL found wrong.
 */
final class NcclWatch implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofMillis(50);
  private static final Duration JOIN_LIMIT = Duration.ofSeconds(5);

  private final ControlCollective control;
  private final NcclCommunicator communicator;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;

  private NcclWatch(ControlCollective control, NcclCard card, NcclCommunicator communicator) {
    this.control = control;
    this.communicator = communicator;
    this.thread = new Thread(() -> run(card), "anneal-nccl-" + control.rank());
    thread.setDaemon(true);
  }

  static NcclWatch start(ControlCollective control, NcclCard card, NcclCommunicator communicator) {
    NcclWatch watch = new NcclWatch(control, card, communicator);
    watch.thread.start();
    return watch;
  }

  private void run(NcclCard card) {
    try {
      card.cuda().use(card.ordinal());
      while (!closing.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
        if (control.failure().isPresent()) {
          communicator.abort();
          return;
        }
        communicator.probe();
      }
    } catch (NcclException e) {
      control.report("rank " + control.rank() + " failed: " + e.getMessage());
      communicator.abort();
    } catch (Throwable e) { // nobody else would abort, and this rank could wait for ever
      control.abort(GroupFailure.passing("NCCL is no longer watched: " + e));
      communicator.abort();
    }
  }

  /** Ends the watch; whoever closes finishes or aborts the communicator. */
  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join(JOIN_LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
