package dev.anneal.jobs.corpus;

/**
 * A row as one number: greater for what comes later in the corpus. It follows from the sizes of the
 * files alone, so it is the same in every run over the same corpus.
 *
 * @param split index of a split of the first pass
 * @param slice index of its slice within the split
 * @param row its line or element within the slice, from 1
 */
public record RowAddress(int split, int slice, long row) {
  private static final int SLICE_BITS = 10;
  private static final int ROW_BITS = 33;

  public RowAddress {
    boolean fits =
        split >= 0
            && split < 1 << (Long.SIZE - 1 - SLICE_BITS - ROW_BITS)
            && slice >= 0
            && slice < 1 << SLICE_BITS
            && row >= 0
            && row < 1L << ROW_BITS;
    if (!fits) {
      throw new IllegalArgumentException(
          "Invalid row address: split " + split + ", slice " + slice + ", row " + row);
    }
  }

  public static RowAddress of(long id) {
    return new RowAddress(
        (int) (id >>> (SLICE_BITS + ROW_BITS)),
        (int) (id >>> ROW_BITS) & ((1 << SLICE_BITS) - 1),
        id & ((1L << ROW_BITS) - 1));
  }

  public long id() {
    return ((long) split << (SLICE_BITS + ROW_BITS)) | ((long) slice << ROW_BITS) | row;
  }
}
