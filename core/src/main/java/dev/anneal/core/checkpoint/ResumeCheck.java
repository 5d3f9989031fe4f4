package dev.anneal.core.checkpoint;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.BatchPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Holds the settings of a run against those of the checkpoint that it wants to go on from. */
public final class ResumeCheck {
  /**
   * The fingerprint's key of how rank 0 multiplied matrices: a matter of its processor. A resume
   * elsewhere goes on with a warning, to rounding, for nobody can set a processor back.
   */
  public static final String PRODUCTS = "products";

  private static final String ABSENT = "absent";

  private ResumeCheck() {}

  /** Refuses a resume that would go on at another row than the checkpoint's next one. */
  public static void requireSameRow(Checkpoint checkpoint, BatchPlan batches) {
    TrainPosition saved = checkpoint.manifest().position();
    TrainPosition now =
        TrainPosition.after(
            saved.step(), batches, saved.tokens(), saved.targetTokens(), saved.seed());
    if (!now.equals(saved)) {
      throw new ConfigException(
          "Cannot resume from "
              + checkpoint.folder()
              + ": step "
              + saved.step()
              + " leads to row "
              + now.nextRow()
              + " of epoch "
              + now.epoch()
              + " (expected row "
              + saved.nextRow()
              + " of epoch "
              + saved.epoch()
              + "; start a new run in another train.output_dir)");
    }
  }

  /** Refuses a resume whose settings differ; one error lists every difference. */
  public static void requireSame(Checkpoint checkpoint, Map<String, String> current) {
    Map<String, String> saved = checkpoint.manifest().fingerprint();
    List<String> differences = new ArrayList<>();
    TreeSet<String> keys = new TreeSet<>(saved.keySet());
    keys.addAll(current.keySet());
    keys.remove(PRODUCTS);
    for (String key : keys) {
      String before = saved.getOrDefault(key, ABSENT);
      String now = current.getOrDefault(key, ABSENT);
      if (!before.equals(now)) {
        differences.add(key + ": " + before + " in the checkpoint, " + now + " now");
      }
    }
    if (!differences.isEmpty()) {
      throw new ConfigException(
          "Cannot resume from "
              + checkpoint.folder()
              + ": "
              + differences.size()
              + (differences.size() == 1 ? " setting differs: " : " settings differ: ")
              + String.join("; ", differences)
              + " (set them back, or start a new run in another train.output_dir)");
    }
  }
}
