package dev.anneal.core.collective.nccl;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.ControlCollective;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Work;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.net.Deadline;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.cuda.CudaException;
import dev.anneal.core.tensor.cuda.CudaStream;
import dev.anneal.core.tensor.cuda.NcclVersion;
import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The collective of ranks that have a card each. Regions lie on this rank's card and go through
 * NCCL, on a stream of its own that follows libtorch's; fp64 sums, bytes and the barrier go through
 * the control collective, exact and in the order of ranks. An all-reduce is a reduce-scatter and an
 * all-gather; in which order NCCL adds is its own choice, the same for the same calls of the same
 * ranks on the same hardware.
 *
 * <p>One thread at a time; {@link #abort} and {@link #close} from any. Calls make this rank's card
 * the thread's. Owns the control collective.
 */
public final class NcclCollective implements Collective {
  private static final Logger LOG = LoggerFactory.getLogger(NcclCollective.class);

  private final ControlCollective control;
  private final NcclQueue queue;
  private final CudaStream compute;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Deque<StartedSum> started = new ConcurrentLinkedDeque<>();

  private NcclCollective(ControlCollective control, NcclQueue queue, CudaStream compute) {
    this.control = control;
    this.queue = queue;
    this.compute = compute;
  }

  /**
   * Joins the group that the control collective has; returns when every rank has. A rank that
   * cannot tells the others why, so that none waits for it.
   *
   * @param control belongs to the result, and stays the caller's when this throws
   * @throws ConfigException when this rank's card is not there, or ranks differ in NCCL's version
   * @throws CollectiveException when NCCL cannot join the ranks, or another rank has failed
   */
  public static NcclCollective open(
      ControlCollective control, NcclCard card, NcclTimeouts timeouts) {
    try {
      requireCard(card);
      card.cuda().use(card.ordinal());
      byte[] uniqueId = agree(control, card.nccl());
      NcclCommunicator communicator = join(control, card, uniqueId, timeouts);
      return over(control, card, communicator, timeouts);
    } catch (NcclException e) {
      String reason = "rank " + control.rank() + " cannot join: " + e.getMessage();
      throw new CollectiveException(control.report(reason), e);
    } catch (ConfigException e) {
      control.abort(GroupFailure.last(e.getMessage()));
      throw e;
    } catch (RuntimeException | Error e) {
      control.abort(GroupFailure.passing("cannot open NCCL: " + e.getMessage()));
      throw e;
    }
  }

  private static void requireCard(NcclCard card) {
    int cards = card.cuda().cards();
    if (card.ordinal() >= cards) {
      String visible = System.getenv("CUDA_VISIBLE_DEVICES");
      throw new ConfigException(
          "Cannot use cuda:"
              + card.ordinal()
              + ": this process sees "
              + cards
              + " cards (CUDA_VISIBLE_DEVICES is "
              + (visible == null ? "not set" : visible)
              + ")");
    }
  }

  /** Rank 0's unique id, once all ranks are known to have the same NCCL. */
  private static byte[] agree(ControlCollective control, NcclLibrary nccl) {
    byte[] id = control.rank() == 0 ? nccl.uniqueId() : new byte[0];
    ByteBuffer mine = ByteBuffer.allocate(Integer.BYTES + id.length);
    mine.putInt(nccl.version().code()).put(id);
    byte[][] all = control.allGather(mine.array());
    ByteBuffer first = ByteBuffer.wrap(all[0]);
    NcclVersion version = NcclVersion.of(first.getInt());
    for (int rank = 1; rank < all.length; rank++) {
      NcclVersion other = NcclVersion.of(ByteBuffer.wrap(all[rank]).getInt());
      if (!other.equals(version)) {
        throw new ConfigException(
            "Invalid NCCL versions: "
                + version
                + " on rank 0, "
                + other
                + " on rank "
                + rank
                + " (must be the same on every rank; "
                + NcclLibrary.VARIABLE
                + " names the library)");
      }
    }
    byte[] uniqueId = new byte[first.remaining()];
    first.get(uniqueId);
    return uniqueId;
  }

  private static NcclCommunicator join(
      ControlCollective control, NcclCard card, byte[] uniqueId, NcclTimeouts timeouts) {
    Deadline deadline = Deadline.after(timeouts.join());
    return NcclCommunicator.join(
        card.nccl(),
        uniqueId,
        control.rank(),
        control.worldSize(),
        () -> {
          control
              .failure()
              .ifPresent(
                  failure -> {
                    throw new CollectiveException(failure);
                  });
          if (Thread.currentThread().isInterrupted()) {
            throw new NcclException("NCCL was interrupted");
          }
          if (deadline.expired()) {
            throw new NcclException("NCCL has not joined the ranks in " + timeouts.join());
          }
        });
  }

  private static NcclCollective over(
      ControlCollective control,
      NcclCard card,
      NcclCommunicator communicator,
      NcclTimeouts timeouts) {
    NcclQueue queue = null;
    try {
      CudaStream stream = card.cuda().openStream();
      queue = new NcclQueue(control, card, communicator, timeouts.operation(), stream);
      new FirstSum(card, queue).run(control.worldSize());
    } catch (RuntimeException | Error e) {
      abandon(communicator, queue, e);
      throw e;
    }
    LOG.info(
        "event=nccl-joined rank={} card=cuda:{} version={} library={}",
        control.rank(),
        card.ordinal(),
        card.nccl().version(),
        card.nccl().path());
    return new NcclCollective(control, queue, card.cuda().computeStream());
  }

  private static void abandon(NcclCommunicator communicator, NcclQueue queue, Throwable first) {
    try {
      communicator.abort();
      if (queue != null) {
        queue.close();
      }
    } catch (NcclException | CudaException e) {
      first.addSuppressed(e);
    }
  }

  /** The enqueue form beneath, which returns while values travel; it belongs to this. */
  public NcclQueue queue() {
    return queue;
  }

  @Override
  public int rank() {
    return control.rank();
  }

  @Override
  public int worldSize() {
    return control.worldSize();
  }

  @Override
  public void allReduceSum(FloatRegion region) {
    move(DeviceOperation.allReduceSum(DeviceRegion.of(region)));
  }

  @Override
  public void reduceScatterSum(FloatRegion region) {
    move(DeviceOperation.reduceScatterSum(DeviceRegion.of(region)));
  }

  @Override
  public Work startAllReduceSum(FloatRegion region) {
    return start(DeviceOperation.allReduceSum(DeviceRegion.of(region)));
  }

  @Override
  public Work startReduceScatterSum(FloatRegion region) {
    return start(DeviceOperation.reduceScatterSum(DeviceRegion.of(region)));
  }

  private Work start(DeviceOperation operation) {
    started.removeIf(StartedSum::released);
    StartedSum sum = new StartedSum(() -> queue.enqueue(compute, operation));
    started.add(sum);
    return sum;
  }

  @Override
  public void allGather(FloatRegion region) {
    move(DeviceOperation.allGather(DeviceRegion.of(region)));
  }

  @Override
  public void broadcast(FloatRegion region, int root) {
    move(DeviceOperation.broadcast(DeviceRegion.of(region), root));
  }

  private void move(DeviceOperation operation) {
    try (NcclWork work = queue.enqueue(compute, operation)) {
      work.await();
    }
  }

  @Override
  public double[] allReduceSum(double[] values) {
    return control.allReduceSum(values);
  }

  @Override
  public byte[][] allGather(byte[] bytes) {
    return control.allGather(bytes);
  }

  @Override
  public void barrier() {
    control.barrier();
  }

  @Override
  public void abort(GroupFailure failure) {
    control.abort(failure);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try (control) {
        queue.close();
      } finally {
        started.forEach(StartedSum::close);
      }
    }
  }
}
