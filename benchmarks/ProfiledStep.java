import ai.djl.pytorch.jni.JniUtils;
import dev.anneal.core.run.StepMetrics;
import dev.anneal.core.train.StepListener;

/** Has libtorch's profiler record one step's operations on the rank's thread, with their shapes. */
final class ProfiledStep implements StepListener {
  /** Late enough for the Java compiler and every cache. */
  private static final long STEP = 6;

  private final String file;
  private final StepListener next;

  private ProfiledStep(String file, StepListener next) {
    this.file = file;
    this.next = next;
  }

  /** The listener itself, or around it a profile where {@code -Danneal.profile=FILE} asks for one. */
  static StepListener around(StepListener next) {
    String file = System.getProperty("anneal.profile", "");
    return file.isEmpty() ? next : new ProfiledStep(file, next);
  }

  @Override
  public void onStep(StepMetrics step) {
    if (step.step() == STEP) {
      JniUtils.stopProfile(file);
    }
    next.onStep(step);
    if (step.step() == STEP - 1) {
      JniUtils.startProfile(false, true, false);
    }
  }
}
