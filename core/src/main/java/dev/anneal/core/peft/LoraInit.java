package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SavedTensor;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.modules.InitialInputs;
import dev.anneal.core.tensor.CounterRandom;
import java.util.List;
import java.util.Map;

/**
 * PEFT's {@code init_lora_weights}: how A and B begin. Immutable.
 *
 * @param name as the settings have it, in small letters
 */
record LoraInit(String name) {
  private static final String EMBEDDING_A = ".lora_embedding_A";
  private static final String EMBEDDING_B = ".lora_embedding_B";

  private static final List<String> PLAIN = List.of("true", "false", "gaussian");
  private static final List<String> HARMLESS = List.of("eva", "orthogonal");
  private static final String ITERATED = "pissa_niter_";

  /** A [r, vocabulary] and B [hidden, r] of an embedding. */
  static List<ParameterSpec> embedding(LinearSite site, int rank, double rateScale) {
    Shape a = Shape.of(rank, site.inFeatures());
    Shape b = Shape.of(site.outFeatures(), rank);
    return List.of(
        new ParameterSpec(site.module() + EMBEDDING_A, a, true, rateScale),
        new ParameterSpec(site.module() + EMBEDDING_B, b, true, rateScale));
  }

  static LoraInit of(String name) {
    return new LoraInit(name.toLowerCase(java.util.Locale.ROOT));
  }

  /** Whether the adapter begins with a part of W, which stays beside it. */
  boolean keepsParts() {
    return name.equals("pissa") || name.equals("olora") || name.startsWith(ITERATED);
  }

  /** How many times r a saved adapter has: its parts of W are saved with it. */
  int width() {
    return keepsParts() ? 2 : 1;
  }

  /**
   * @throws ConfigException for an initialisation that an existing adapter may have had, or nobody
   */
  void requireKnown() {
    if (!PLAIN.contains(name) && !keepsParts() || name.startsWith(ITERATED) && iterations() < 0) {
      throw new ConfigException(
          "Invalid adapter.init_lora_weights: "
              + name
              + " (must be true, false, gaussian, pissa, pissa_niter_N or olora)");
    }
  }

  /**
   * @throws ConfigException for an initialisation whose changes of the base weights cannot be found
   *     again
   */
  void requireReadable() {
    boolean again = PLAIN.contains(name) || HARMLESS.contains(name) || keepsParts();
    if (!again || name.startsWith(ITERATED)) {
      throw new ConfigException(
          "Unsupported init_lora_weights \""
              + name
              + "\" (it changes the base weights by what is not saved; save the adapter converted)");
    }
  }

  private int iterations() {
    String count = name.substring(ITERATED.length());
    return count.matches("[0-9]{1,4}") ? Integer.parseInt(count) : -1;
  }

  /**
   * A of a linear layer's usual law, uniform in ±1/√in, or normal with 1/r for its deviation; B 0,
   * or of that law too where it is asked for. Of an embedding A is 0 and B normal, or both are.
   */
  AdapterMethod.InitialValue value(ParameterSpec parameter, boolean isB, long seed) {
    boolean embeddingA = parameter.name().endsWith(EMBEDDING_A);
    if (embeddingA || parameter.name().endsWith(EMBEDDING_B)) {
      CounterRandom normal = CounterRandom.of(seed, parameter.name());
      return embeddingA && !name.equals("false")
          ? index -> 0f
          : index -> (float) normal.gaussian(index);
    }
    List<Long> sizes = parameter.shape().dimensions();
    if (isB && !name.equals("false") || sizes.size() < 2) {
      return index -> 0f;
    }
    CounterRandom random = CounterRandom.of(seed, parameter.name());
    if (name.equals("gaussian")) {
      double deviation = 1.0 / sizes.get(0);
      return index -> (float) (deviation * random.gaussian(index));
    }
    double bound = 1 / Math.sqrt(sizes.get(1));
    return index -> (float) ((2 * random.uniform(index) - 1) * bound);
  }

  /** What the program that looks at W reads besides. */
  InitialInputs inputs(LinearSite site, int rank, long seed) {
    if (name.equals("olora")) {
      return new InitialInputs(Map.of("orthogonal", 1.0), Map.of());
    }
    if (!name.startsWith(ITERATED)) {
      return InitialInputs.NONE;
    }
    CounterRandom random = CounterRandom.of(seed, site.module() + ".pissa");
    long rows = Math.min(site.inFeatures(), site.outFeatures());
    float[] values = new float[Math.toIntExact(rows * rank)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.gaussian(i);
    }
    return InitialInputs.of("random", Shape.of(rows, rank), values, "iterations", iterations());
  }

  /** [A; A0] */
  static SavedTensor below(Shape shape, float[] trained, float[] part) {
    float[] both = new float[2 * trained.length];
    System.arraycopy(trained, 0, both, 0, trained.length);
    System.arraycopy(part, 0, both, trained.length, trained.length);
    return new SavedTensor(
        Shape.of(2 * shape.dimensions().get(0), shape.dimensions().get(1)), both);
  }

  /** [B, −B0] */
  static SavedTensor beside(Shape shape, float[] trained, float[] part) {
    int rows = Math.toIntExact(shape.dimensions().get(0));
    int rank = Math.toIntExact(shape.dimensions().get(1));
    float[] both = new float[2 * trained.length];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < rank; i++) {
        both[2 * row * rank + i] = trained[row * rank + i];
        both[(2 * row + 1) * rank + i] = -part[row * rank + i];
      }
    }
    return new SavedTensor(Shape.of(rows, 2L * rank), both);
  }
}
