package dev.anneal.core.tensor;

import java.io.Serializable;

/**
 * Where tensors lie and programs compute: chosen once a rank. Immutable.
 *
 * @param ordinal the card's number as CUDA counts those that the process sees; 0 for the CPU
 */
public record Device(Kind kind, int ordinal) implements Serializable {
  /** The host's processor and memory. */
  public static final Device CPU = new Device(Kind.CPU, 0);

  /** Kinds of devices. */
  public enum Kind {
    CPU,
    CUDA
  }

  public Device {
    if (ordinal < 0 || kind == Kind.CPU && ordinal > 0) {
      throw new IllegalArgumentException("Invalid ordinal of " + kind + ": " + ordinal);
    }
  }

  /** A card. */
  public static Device cuda(int ordinal) {
    return new Device(Kind.CUDA, ordinal);
  }

  /** As PyTorch writes it: {@code cpu} or {@code cuda:1}. */
  public String label() {
    return kind == Kind.CPU ? "cpu" : "cuda:" + ordinal;
  }

  @Override
  public String toString() {
    return label();
  }
}
