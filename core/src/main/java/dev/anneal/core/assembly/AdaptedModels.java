package dev.anneal.core.assembly;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A base model that is opened once, bare and with each of several adapters, of any methods. Nothing
 * is merged into the shared weights: to switch is to take another of the models, and the bare one
 * is what its files hold. What an adapter trains whole, and what generation folds it into, is its
 * own. Owns everything native it opened; one thread.
 */
public final class AdaptedModels implements AutoCloseable {
  /** The name of the bare model. */
  public static final String BARE = "none";

  private final TensorScope scope = new TensorScope();
  private final Map<String, TrainedModel> models = new LinkedHashMap<>();

  private AdaptedModels(
      TensorRuntime runtime,
      ModelFolder folder,
      Map<String, AdapterFolder> adapters,
      FrozenStorage frozen) {
    try {
      TrainedModel bare =
          scope.own(TrainedModel.forInference(runtime, folder, Optional.empty(), frozen));
      models.put(BARE, bare);
      for (Map.Entry<String, AdapterFolder> adapter : adapters.entrySet()) {
        requireNew(adapter.getKey());
        models.put(adapter.getKey(), opened(bare, runtime, folder, adapter, frozen));
      }
    } catch (RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  private TrainedModel opened(
      TrainedModel bare,
      TensorRuntime runtime,
      ModelFolder folder,
      Map.Entry<String, AdapterFolder> adapter,
      FrozenStorage frozen) {
    try {
      return scope.own(TrainedModel.over(bare, runtime, folder, adapter.getValue(), frozen));
    } catch (ConfigException e) {
      throw new ConfigException("Cannot open " + adapter.getKey() + ": " + e.getMessage(), e);
    }
  }

  private void requireNew(String name) {
    if (models.containsKey(name)) {
      throw new ConfigException(
          "Invalid name of an adapter: " + name + " (" + BARE + " is the bare model)");
    }
  }

  /**
   * Opens everything, to score with.
   *
   * @throws ConfigException for an adapter that does not fit, by its name
   */
  public static AdaptedModels forInference(
      TensorRuntime runtime, ModelFolder folder, Map<String, AdapterFolder> adapters) {
    return new AdaptedModels(runtime, folder, adapters, FrozenStorage.FLOAT32);
  }

  /** As {@link #forInference}, for generation above all. */
  public static AdaptedModels forGeneration(
      TensorRuntime runtime, ModelFolder folder, Map<String, AdapterFolder> adapters) {
    return new AdaptedModels(runtime, folder, adapters, TrainedModel.storageForGeneration());
  }

  /**
   * The model with an adapter, or the bare one; borrowed.
   *
   * @throws ConfigException that lists the names there are
   */
  public TrainedModel model(String name) {
    TrainedModel model = models.get(name);
    if (model == null) {
      throw new ConfigException(
          "Unknown adapter: " + name + " (there are " + String.join(", ", names()) + ")");
    }
    return model;
  }

  /** The bare model's name and those of the adapters. */
  public List<String> names() {
    return List.copyOf(models.keySet());
  }

  @Override
  public void close() {
    scope.close();
  }
}
