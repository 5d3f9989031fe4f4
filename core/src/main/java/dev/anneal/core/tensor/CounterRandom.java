package dev.anneal.core.tensor;

import java.nio.charset.StandardCharsets;

/**
 * Random numbers as a pure function of (seed, name, index): the same whatever the world size, the
 * number of threads or the order of asking. The mixing is SplitMix64's finaliser (Steele, Lea and
 * Flood, 2014). Immutable and thread-safe.
 */
public final class CounterRandom {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private final long key;

  private CounterRandom(long key) {
    this.key = key;
  }

  /** The stream of a seed and a name, such as a tensor's. */
  public static CounterRandom of(long seed, String name) {
    long key = mix(seed + GOLDEN_GAMMA);
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      key = mix(key * 31 + b + GOLDEN_GAMMA);
    }
    return new CounterRandom(key);
  }

  /** What tells the stream from others, for programs: bits(i) = mix(key + γ (i + 1)). */
  public long key() {
    return key;
  }

  /** 64 random bits at an index. */
  public long bits(long index) {
    return mix(key + GOLDEN_GAMMA * (index + 1));
  }

  /** Uniform in [0, 1), 53 bits. */
  public double uniform(long index) {
    return (bits(index) >>> 11) * 0x1.0p-53;
  }

  /** Standard normal, by Box and Muller from two uniforms. */
  public double gaussian(long index) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - uniform(2 * index)));
    return radius * StrictMath.cos(2 * StrictMath.PI * uniform(2 * index + 1));
  }

  /**
   * SplitMix64's finaliser: a bijection of 64 bits in which every input bit reaches every output.
   */
  public static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
