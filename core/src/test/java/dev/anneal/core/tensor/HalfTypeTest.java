package dev.anneal.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Rounding to 16 bits, over all of their values. */
class HalfTypeTest {
  private static final int VALUES = 1 << 16;

  private static void requireSame(HalfType type, float value, short bits) {
    assertThat(type.ofFloat(value)).as("%s of %s", type, value).isEqualTo(bits);
  }

  @Test
  void everyValueKeepsItsBits() {
    for (HalfType type : HalfType.values()) {
      for (int i = 0; i < VALUES; i++) {
        float value = type.toFloat((short) i);
        if (Float.isNaN(value)) {
          assertThat(type.toFloat(type.ofFloat(value))).isNaN();
        } else {
          requireSame(type, value, (short) i);
        }
      }
    }
  }

  @Test
  void whatLiesBetweenGoesToTheNearestAndHalfwayToTheEvenOne() {
    for (HalfType type : HalfType.values()) {
      for (int i = 0; Float.isFinite(type.toFloat((short) (i + 1))); i++) {
        float low = type.toFloat((short) i);
        float high = type.toFloat((short) (i + 1));
        float middle = (float) (((double) low + high) / 2);
        if (middle > low && middle < high) {
          requireSame(type, middle, (short) (i + (i & 1)));
          requireSame(type, Math.nextDown(middle), (short) i);
          requireSame(type, Math.nextUp(middle), (short) (i + 1));
          requireSame(type, -middle, (short) (i + (i & 1) | 0x8000));
        }
      }
    }
  }

  @Test
  void beyondTheLargestNumberIsInfinity() {
    requireSame(HalfType.FP16, 65504, (short) 0x7bff);
    requireSame(HalfType.FP16, Math.nextDown(65520f), (short) 0x7bff);
    requireSame(HalfType.FP16, 65520, (short) 0x7c00);
    requireSame(HalfType.FP16, -1e30f, (short) 0xfc00);
    requireSame(HalfType.FP16, Float.NEGATIVE_INFINITY, (short) 0xfc00);
    requireSame(HalfType.FP16, 0x1p-25f, (short) 0);
    requireSame(HalfType.FP16, Float.MIN_VALUE, (short) 0);
    requireSame(HalfType.FP16, -0f, (short) 0x8000);
  }

  @Test
  void theFirstValueThatWouldBecomeInfiniteIsFound() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        Tensor fits = runtime.floats(new float[] {65519, -1, Float.POSITIVE_INFINITY}, 3);
        Tensor beyond = runtime.floats(new float[] {1, -70_000, 80_000}, 3)) {
      assertThat(HalfType.FP16.beyond(fits.region())).isEmpty();
      assertThat(HalfType.FP16.beyond(beyond.region())).contains(-70_000f);
      assertThat(HalfType.BF16.beyond(beyond.region())).isEmpty();
    }
  }
}
