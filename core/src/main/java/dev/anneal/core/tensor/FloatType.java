package dev.anneal.core.tensor;

import java.util.Locale;
import java.util.Optional;

/** The types of floating point that programs compute in. */
public enum FloatType {
  FLOAT32(6, Optional.empty()),
  BFLOAT16(15, Optional.of(HalfType.BF16)),
  FLOAT16(5, Optional.of(HalfType.FP16));

  private final int scalarType;
  private final Optional<HalfType> half;

  FloatType(int scalarType, Optional<HalfType> half) {
    this.scalarType = scalarType;
    this.half = half;
  }

  /** libtorch's number of the type, as programs write it. */
  public int scalarType() {
    return scalarType;
  }

  /** How its 16 bits are read and written; absent for fp32. */
  public Optional<HalfType> half() {
    return half;
  }

  public int bytes() {
    return half.isPresent() ? Short.BYTES : Float.BYTES;
  }

  /** As torch and settings name it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
