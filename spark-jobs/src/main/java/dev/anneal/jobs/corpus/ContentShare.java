package dev.anneal.jobs.corpus;

import dev.anneal.data.read.SourceRow;
import java.util.zip.CRC32C;

/** Takes a share of rows by their content alone, so that the choice needs no state. Stateless. */
public final class ContentShare {
  private ContentShare() {}

  public static boolean takes(SourceRow row, double share) {
    if (share >= 1) {
      return true;
    }
    CRC32C crc = new CRC32C();
    crc.update(row.bytes(), row.start(), row.length());
    return crc.getValue() / (double) (1L << 32) < share;
  }
}
