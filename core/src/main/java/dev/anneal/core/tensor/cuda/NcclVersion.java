package dev.anneal.core.tensor.cuda;

/** NCCL's version. Immutable; later ones are greater. */
public record NcclVersion(int major, int minor, int patch) implements Comparable<NcclVersion> {
  /** The first that is accepted: aborting while ranks connect is sound from here on. */
  public static final NcclVersion OLDEST = new NcclVersion(2, 18, 0);

  /** From {@code NCCL_VERSION_CODE}: 22602 is 2.26.2, and up to 2.8 2708 was 2.7.8. */
  public static NcclVersion of(int code) {
    int unit = code < 10_000 ? 10 : 100;
    return new NcclVersion(code / (100 * unit), code / 100 % unit, code % 100);
  }

  /** As NCCL writes it today. */
  public int code() {
    return major * 10_000 + minor * 100 + patch;
  }

  /** Whether the product works with it. */
  public boolean supported() {
    return major == OLDEST.major && compareTo(OLDEST) >= 0;
  }

  @Override
  public int compareTo(NcclVersion other) {
    return Integer.compare(code(), other.code());
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
