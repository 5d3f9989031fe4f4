package dev.anneal.core.model.fourbit;

import dev.anneal.core.config.ModelConfig.FrozenStorage;
import java.util.Optional;

/**
 * How matrices lie in 4 bits: codes two to a byte, the first in the high half, and for every block
 * of 64 values in their order its largest magnitude, {@code absmax}. Double quantisation keeps 8
 * bits of absmax less its mean, with a scale for every 256 of them. Immutable.
 */
public record FourBitFormat(FourBitType type, boolean doubleQuantised) {
  /** Values that share an absmax. */
  public static final int BLOCK = 64;

  /** Quantised absmax values that share a scale. */
  public static final int ABSMAX_BLOCK = 256;

  /** As the settings have it; empty where they name no type of 4 bits. */
  public static Optional<FourBitFormat> of(FrozenStorage storage, boolean doubleQuantised) {
    return switch (storage) {
      case NF4 -> Optional.of(new FourBitFormat(FourBitType.NF4, doubleQuantised));
      case FP4 -> Optional.of(new FourBitFormat(FourBitType.FP4, doubleQuantised));
      case AUTO, FLOAT32, FILE -> Optional.empty();
    };
  }

  /** Blocks of so many values; the last may be shorter. */
  public static long blocks(long elements) {
    return groups(elements, BLOCK);
  }

  /** The values rounded up to whole blocks: as many are computed. */
  public static long padded(long elements) {
    return blocks(elements) * BLOCK;
  }

  /** Scales of the quantised absmax values of so many blocks. */
  public static long absmaxBlocks(long blocks) {
    return groups(blocks, ABSMAX_BLOCK);
  }

  /** Native bytes of a matrix of so many values, whole blocks of codes and scales. */
  public long bytes(long elements) {
    long blocks = blocks(elements);
    long codes = padded(elements) / 2;
    if (!doubleQuantised) {
      return codes + Float.BYTES * blocks;
    }
    long absmaxBlocks = absmaxBlocks(blocks);
    return codes + absmaxBlocks * (ABSMAX_BLOCK + Float.BYTES) + Float.BYTES;
  }

  private static long groups(long count, int size) {
    return (count + size - 1) / size;
  }
}
