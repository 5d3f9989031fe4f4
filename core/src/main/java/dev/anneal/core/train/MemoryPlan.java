package dev.anneal.core.train;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.MemorySize;
import dev.anneal.core.config.TrainConfig.GradientCheckpointing;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.VirtualTokens;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterMethod;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * What a rank's memory will hold, and which layers are computed twice so that it fits. A pure
 * function of the settings, the model and the rows, so the same on every rank. Immutable.
 *
 * @param estimate bytes by kind, with those layers computed twice
 * @param tokens of the largest micro-batch there can be
 * @param lowestLayer the lowest layer with gradients
 * @param recomputed how many layers are computed twice, from that one on
 */
public record MemoryPlan(MemoryEstimate estimate, long tokens, int lowestLayer, int recomputed) {

  /** Chooses by train.gradient_checkpointing and distributed.memory_per_rank. Borrows the rows. */
  public static MemoryPlan of(
      TrainingSetup setup,
      ModelFolder model,
      Optional<AdapterMethod> method,
      RowSource rows,
      int worldSize) {
    MemorySize budget = setup.distributed().memoryPerRank();
    GradientCheckpointing wanted = setup.train().gradientCheckpointing();
    if (wanted == GradientCheckpointing.AUTO && !budget.bounded()) {
      throw new ConfigException(
          "Missing distributed.memory_per_rank (train.gradient_checkpointing = auto chooses the"
              + " layers by it; set it with -s distributed.memory_per_rank=6g)");
    }
    int ahead =
        method.flatMap(own -> own.virtualTokens(model.config())).map(VirtualTokens::rows).orElse(0);
    long tokens = largestMicroBatch(rows, setup.train().perDeviceTrainBatchSize(), ahead);
    RankMemory memory = new RankMemory(setup, model, method, worldSize);
    int recomputed =
        switch (wanted) {
          case FALSE -> 0;
          case TRUE -> memory.walkedLayers();
          case AUTO -> fewest(memory, tokens, budget);
        };
    return new MemoryPlan(
        memory.estimate(tokens, recomputed), tokens, memory.lowestLayer(), recomputed);
  }

  /** The same choice alone: only {@code auto} looks at rows and weights for it. */
  static LayerStorage storage(
      TrainingSetup setup,
      ModelFolder model,
      Optional<AdapterMethod> method,
      RowSource rows,
      int worldSize) {
    return switch (setup.train().gradientCheckpointing()) {
      case FALSE -> LayerStorage.KEEP;
      case TRUE -> LayerStorage.RECOMPUTE;
      case AUTO -> of(setup, model, method, rows, worldSize).storage();
    };
  }

  /** As few as fit; never the last one, whose backward follows its forward at once. */
  private static int fewest(RankMemory memory, long tokens, MemorySize budget) {
    int recomputed = 0;
    while (recomputed < memory.walkedLayers() - 1
        && memory.estimate(tokens, recomputed).total() > budget.bytes()) {
      recomputed++;
    }
    return recomputed;
  }

  /**
   * Tokens of the longest rows that a micro-batch can hold together.
   *
   * @param ahead virtual tokens that lengthen a sample; of packed rows one sample's are counted
   */
  private static long largestMicroBatch(RowSource rows, int batch, int ahead) {
    PriorityQueue<Integer> longest = new PriorityQueue<>();
    for (long i = 0; i < rows.rowCount(); i++) {
      longest.add(rows.length(i) + ahead);
      if (longest.size() > batch) {
        longest.remove();
      }
    }
    return longest.stream().mapToLong(Integer::longValue).sum();
  }

  public LayerStorage storage() {
    return new LayerStorage(recomputed);
  }

  /** The layers computed twice: {@code none}, {@code 3} or {@code 0..3}. */
  public String recomputedLayers() {
    return switch (recomputed) {
      case 0 -> "none";
      case 1 -> String.valueOf(lowestLayer);
      default -> lowestLayer + ".." + (lowestLayer + recomputed - 1);
    };
  }

  /**
   * Refuses a run whose ranks would not fit, naming what to change.
   *
   * @param bound most bytes of a rank
   * @param source where the bound comes from
   */
  public void requireFits(MemorySize bound, String source, TrainingSetup setup) {
    if (!bound.bounded() || estimate.total() <= bound.bytes()) {
      return;
    }
    String twice =
        setup.train().gradientCheckpointing() == GradientCheckpointing.FALSE
            ? "set train.gradient_checkpointing to auto or true, "
            : "";
    throw new ConfigException(
        "Cannot fit a rank into "
            + source
            + ": "
            + bound
            + " (needs about "
            + new MemorySize(estimate.total())
            + " with layers computed twice: "
            + recomputedLayers()
            + "; "
            + twice
            + "lower train.per_device_train_batch_size, now "
            + setup.train().perDeviceTrainBatchSize()
            + " for up to "
            + tokens
            + " tokens, or give more memory)");
  }
}
