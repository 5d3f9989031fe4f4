package dev.anneal.core.optim;

/**
 * The factor of the gradients in fp16, whose smallest numbers would vanish without it: halved after
 * a step whose gradients overflow, which is left out, and doubled after 2000 in a row that do not.
 * The rule and its numbers are those of torch's GradScaler, transformers' default. Immutable.
 *
 * @param value a power of two
 * @param steadySteps since it last changed
 * @param skippedSteps left out since the start of the run
 */
public record LossScale(double value, int steadySteps, long skippedSteps) {
  public static final LossScale START = new LossScale(65536, 0, 0);

  private static final int GROWTH_INTERVAL = 2000;
  private static final double LARGEST = 0x1p126;

  public LossScale {
    if (!(value > 0) || steadySteps < 0 || skippedSteps < 0) {
      throw new IllegalArgumentException(
          "Invalid loss scale: " + value + ", " + steadySteps + ", " + skippedSteps);
    }
  }

  /** After a step that was left out. */
  public LossScale afterOverflow() {
    return new LossScale(value / 2, 0, skippedSteps + 1);
  }

  /** After an update. */
  public LossScale afterUpdate() {
    return steadySteps + 1 < GROWTH_INTERVAL
        ? new LossScale(value, steadySteps + 1, skippedSteps)
        : new LossScale(Math.min(LARGEST, 2 * value), 0, skippedSteps);
  }

  /** Whether halving it has led nowhere: not the scale, the gradients themselves are infinite. */
  public boolean exhausted() {
    return value < 1;
  }
}
