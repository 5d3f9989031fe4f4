import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.Work;
import dev.anneal.core.tensor.FloatRegion;
import java.util.function.Supplier;

/**
 * A collective with a clock: seconds in small exchanges, where a rank waits for a slower one, and
 * in moves of gradients. Owns what it wraps; one thread.
 */
final class TimedCollective implements Collective {
  private final Collective ranks;
  private long waited;
  private long moved;

  TimedCollective(Collective ranks) {
    this.ranks = ranks;
  }

  String takeTimes() {
    String times = waited / 1e9 + " " + moved / 1e9;
    waited = 0;
    moved = 0;
    return times;
  }

  private <T> T waiting(Supplier<T> exchange) {
    long start = System.nanoTime();
    try {
      return exchange.get();
    } finally {
      waited += System.nanoTime() - start;
    }
  }

  private void moving(Runnable move) {
    long start = System.nanoTime();
    move.run();
    moved += System.nanoTime() - start;
  }

  @Override
  public int rank() {
    return ranks.rank();
  }

  @Override
  public int worldSize() {
    return ranks.worldSize();
  }

  @Override
  public void allReduceSum(FloatRegion region) {
    moving(() -> ranks.allReduceSum(region));
  }

  @Override
  public void reduceScatterSum(FloatRegion region) {
    moving(() -> ranks.reduceScatterSum(region));
  }

  @Override
  public Work startAllReduceSum(FloatRegion region) {
    return new Moving(ranks.startAllReduceSum(region));
  }

  @Override
  public Work startReduceScatterSum(FloatRegion region) {
    return new Moving(ranks.startReduceScatterSum(region));
  }

  /** Only the time in which the rank's thread waits counts. */
  private final class Moving implements Work {
    private final Work work;

    Moving(Work work) {
      this.work = work;
    }

    @Override
    public void await() {
      moving(work::await);
    }

    @Override
    public boolean over() {
      return work.over();
    }

    @Override
    public double seconds() {
      return work.seconds();
    }
  }

  @Override
  public void allGather(FloatRegion region) {
    moving(() -> ranks.allGather(region));
  }

  @Override
  public void broadcast(FloatRegion region, int root) {
    moving(() -> ranks.broadcast(region, root));
  }

  @Override
  public double[] allReduceSum(double[] values) {
    return waiting(() -> ranks.allReduceSum(values));
  }

  @Override
  public byte[][] allGather(byte[] bytes) {
    return waiting(() -> ranks.allGather(bytes));
  }

  @Override
  public void barrier() {
    waiting(
        () -> {
          ranks.barrier();
          return true;
        });
  }

  @Override
  public void abort(GroupFailure failure) {
    ranks.abort(failure);
  }

  @Override
  public void close() {
    ranks.close();
  }
}
