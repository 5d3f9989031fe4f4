package dev.anneal.jobs.tokenize.choose;

import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.corpus.RowAddress;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The rows of a split that steps over the whole corpus leave out, about 12 bytes each. Immutable.
 */
public final class SplitDecisions {
  private final int split;
  private final long[] ids;
  private final String[] reasons;

  private SplitDecisions(int split, long[] ids, String[] reasons) {
    this.split = split;
    this.ids = ids;
    this.reasons = reasons;
  }

  static SplitDecisions none() {
    return new SplitDecisions(0, new long[0], new String[0]);
  }

  /** The file of a split; there is none where nothing is left out. */
  public static String path(String folder, int split) {
    return FileStore.join(folder, "split-%06d".formatted(split));
  }

  /** One row that is left out, in the order of the rows. */
  static void write(DataOutputStream out, long id, String reason) throws IOException {
    out.writeLong(id);
    out.writeUTF(reason);
  }

  public static SplitDecisions read(HadoopFileStore store, String folder, int split)
      throws IOException {
    String path = path(folder, split);
    if (!store.exists(path)) {
      return none();
    }
    long[] ids = new long[1024];
    String[] reasons = new String[1024];
    Map<String, String> shared = new HashMap<>();
    int count = 0;
    try (DataInputStream in = new DataInputStream(new BufferedInputStream(store.open(path)))) {
      while (true) {
        if (count == ids.length) {
          ids = Arrays.copyOf(ids, 2 * count);
          reasons = Arrays.copyOf(reasons, 2 * count);
        }
        ids[count] = in.readLong();
        reasons[count++] = shared.computeIfAbsent(in.readUTF(), reason -> reason);
      }
    } catch (EOFException e) { // written as a whole or not at all
      return new SplitDecisions(split, Arrays.copyOf(ids, count), Arrays.copyOf(reasons, count));
    }
  }

  /** Why a row is left out. */
  public Optional<String> reason(int slice, long row) {
    int at = Arrays.binarySearch(ids, new RowAddress(split, slice, row).id());
    return at < 0 ? Optional.empty() : Optional.of(reasons[at]);
  }
}
