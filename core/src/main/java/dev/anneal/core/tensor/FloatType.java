package dev.anneal.core.tensor;

import java.util.Locale;
import java.util.Optional;

/** The types of floating point that programs compute in. */
public enum FloatType {
  FLOAT32(Optional.empty()),
  BFLOAT16(Optional.of(HalfType.BF16)),
  FLOAT16(Optional.of(HalfType.FP16));

  private static final int FP32 = 6;

  private final Optional<HalfType> half;

  FloatType(Optional<HalfType> half) {
    this.half = half;
  }

  /** libtorch's number of the type, as programs write it. */
  public int scalarType() {
    return half.map(HalfType::scalarType).orElse(FP32);
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
