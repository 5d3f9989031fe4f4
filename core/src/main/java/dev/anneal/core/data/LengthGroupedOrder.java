package dev.anneal.core.data;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongToIntFunction;

/**
 * A shuffled order whose global batches hold rows of about one length: windows of 50 global batches
 * of the shuffled order are sorted by length, cut into batches, and the batches shuffled; inside a
 * batch the rows are dealt so that its slices have about as many tokens each. A pure function of
 * (seed, epoch, lengths, global batch): how a global batch is split over ranks and accumulation
 * steps changes nothing. Thread-safe; holds one window.
 */
public final class LengthGroupedOrder implements RowOrder {
  private static final int WINDOW_BATCHES = 50;
  private static final long WINDOW_KEY = 0xD1B54A32D192ED03L;

  private final EpochOrder shuffled;
  private final LongToIntFunction lengths;
  private final int globalBatch;
  private final int windowRows;
  private final AtomicReference<Window> last = new AtomicReference<>(new Window(-1, -1, null));

  private record Window(long epoch, long index, long[] rows) {}

  /**
   * @param lengths tokens of the row at an index; called for every row once an epoch
   * @param globalBatch rows of a step over all ranks
   */
  public LengthGroupedOrder(EpochOrder shuffled, LongToIntFunction lengths, long globalBatch) {
    if (globalBatch <= 0 || globalBatch > Integer.MAX_VALUE / WINDOW_BATCHES) {
      throw new IllegalArgumentException(
          "Invalid global batch: "
              + globalBatch
              + " rows (must be > 0 and <= "
              + Integer.MAX_VALUE / WINDOW_BATCHES
              + " with train.group_by_length)");
    }
    this.shuffled = shuffled;
    this.lengths = lengths;
    this.globalBatch = (int) globalBatch;
    this.windowRows = this.globalBatch * WINDOW_BATCHES;
  }

  @Override
  public long rows() {
    return shuffled.rows();
  }

  @Override
  public long row(long epoch, long position) {
    if (position < 0 || position >= rows()) {
      throw new IndexOutOfBoundsException("Invalid position: " + position + " of " + rows());
    }
    long index = position / windowRows;
    Window window = last.get();
    if (window.epoch != epoch || window.index != index) {
      window = new Window(epoch, index, window(epoch, index));
      last.set(window);
    }
    return window.rows[(int) (position % windowRows)];
  }

  private long[] window(long epoch, long index) {
    long first = index * windowRows;
    int count = (int) Math.min(windowRows, rows() - first);
    long[] visited = new long[count];
    long[] byLength =
        new long[count]; // length, then place: one number each, so that ties keep order
    for (int i = 0; i < count; i++) {
      visited[i] = shuffled.row(epoch, first + i);
      byLength[i] = (long) lengths.applyAsInt(visited[i]) << Integer.SIZE | i;
    }
    Arrays.sort(byLength);
    int batches = count / globalBatch;
    EpochOrder turns = turns(index, batches);
    long[] rows = new long[count];
    for (int filled = 0; filled < count; filled += globalBatch) {
      int batch = filled / globalBatch;
      // What is left at the end of the epoch, its longest rows, is the short last batch.
      int from = batch < batches ? (int) turns.row(epoch, batch) * globalBatch : filled;
      long[] members = Arrays.copyOfRange(byLength, from, Math.min(from + globalBatch, count));
      int to = filled;
      for (int member : EvenDeal.of(lengthsOf(members))) {
        rows[to++] = visited[(int) members[member]];
      }
    }
    return rows;
  }

  private static int[] lengthsOf(long[] members) {
    return Arrays.stream(members).mapToInt(member -> (int) (member >>> Integer.SIZE)).toArray();
  }

  private EpochOrder turns(long index, int batches) {
    return EpochOrder.shuffled(Math.max(1, batches), shuffled.seed() + (index + 1) * WINDOW_KEY);
  }
}
