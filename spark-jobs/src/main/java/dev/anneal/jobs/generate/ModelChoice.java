package dev.anneal.jobs.generate;

import dev.anneal.core.assembly.AdaptedModels;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One model, or several that share a base and of which one is in use. Owns what it opened; one
 * thread.
 */
public final class ModelChoice implements AutoCloseable {
  /** What {@code adapter.path} is called beside named ones, whose names hold no dot. */
  private static final String FIRST = "adapter.path";

  private final Optional<AdaptedModels> several;
  private final TrainedModel first;
  private TrainedModel model;

  private ModelChoice(Optional<AdaptedModels> several, TrainedModel first) {
    this.several = several;
    this.first = first;
    this.model = first;
  }

  /**
   * Opens everything to generate with.
   *
   * @param adapter of the model that it begins with; absent for the bare one
   */
  public static ModelChoice forGeneration(
      TensorRuntime runtime, ModelFolder folder, Optional<Path> adapter, Map<String, Path> named) {
    if (named.isEmpty()) {
      return new ModelChoice(
          Optional.empty(),
          TrainedModel.forGeneration(runtime, folder, adapter.map(AdapterFolder::open)));
    }
    return of(AdaptedModels.forGeneration(runtime, folder, folders(adapter, named)), adapter);
  }

  /** Opens everything to score with. */
  public static ModelChoice forInference(
      TensorRuntime runtime, ModelFolder folder, Optional<Path> adapter, Map<String, Path> named) {
    if (named.isEmpty()) {
      return new ModelChoice(
          Optional.empty(),
          TrainedModel.forInference(runtime, folder, adapter.map(AdapterFolder::open)));
    }
    return of(AdaptedModels.forInference(runtime, folder, folders(adapter, named)), adapter);
  }

  private static ModelChoice of(AdaptedModels models, Optional<Path> adapter) {
    return new ModelChoice(
        Optional.of(models), models.model(adapter.isPresent() ? FIRST : AdaptedModels.BARE));
  }

  private static Map<String, AdapterFolder> folders(
      Optional<Path> adapter, Map<String, Path> named) {
    Map<String, AdapterFolder> folders = new LinkedHashMap<>();
    adapter.ifPresent(path -> folders.put(FIRST, AdapterFolder.open(path)));
    named.forEach((name, path) -> folders.put(name, AdapterFolder.open(path)));
    return folders;
  }

  /** Switches by name; the empty name is where it began. */
  public void use(String name) {
    if (name.isEmpty()) {
      model = first;
    } else if (several.isPresent()) {
      model = several.get().model(name);
    } else {
      throw new IllegalArgumentException("Unknown adapter: " + name + " (none is named)");
    }
  }

  /** The one in use; borrowed. */
  public TrainedModel model() {
    return model;
  }

  @Override
  public void close() {
    if (several.isPresent()) {
      several.get().close();
    } else {
      first.close();
    }
  }
}
