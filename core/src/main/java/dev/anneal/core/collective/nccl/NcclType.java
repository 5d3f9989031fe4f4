package dev.anneal.core.collective.nccl;

/** Types of the values that NCCL sums and moves here. */
public enum NcclType {
  FLOAT16(6, 2),
  FLOAT32(7, 4),
  BFLOAT16(9, 2);

  private final int code;
  private final int bytes;

  NcclType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** As {@code ncclDataType_t} has it. */
  int code() {
    return code;
  }

  /** Of one value. */
  public int bytes() {
    return bytes;
  }
}
