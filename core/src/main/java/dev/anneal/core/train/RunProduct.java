package dev.anneal.core.train;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.export.MergedWeights;
import dev.anneal.core.export.ModelExport;
import dev.anneal.core.export.ModelExport.StorageType;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.util.Optional;

/** What a run leaves: {@code adapter/} in PEFT's format, or {@code model/} in Hugging Face's. */
public final class RunProduct {
  public static final String ADAPTER = AdapterConfig.FOLDER;
  public static final String MODEL = "model";

  private final FileStore store;
  private final TrainingSetup setup;

  public RunProduct(FileStore store, TrainingSetup setup) {
    this.store = store;
    this.setup = setup;
  }

  /** Whether a method leaves an adapter; without one the whole model is trained. */
  public static boolean isAdapter(Optional<AdapterMethod> method) {
    return method.isPresent() && method.get().product() == AdapterMethod.Product.ADAPTER;
  }

  /**
   * @throws ConfigException for a name where no adapter is left
   */
  public static void requireNameOfAdapter(AdapterConfig config, Optional<AdapterMethod> method) {
    if (config.named() && !isAdapter(method)) {
      throw new ConfigException(
          "Invalid adapter.adapter_name: "
              + config.adapterName()
              + " (has no effect: this run leaves a model, not an adapter)");
    }
  }

  /**
   * Writes the trained parameters; full tuning keeps the type of the base's weights. Where training
   * has led beyond its largest number, the weights are written in fp32: a run that is done must not
   * fail for it.
   */
  public void write(TensorRuntime runtime, TrainedModel model, ModelFolder base)
      throws IOException {
    String output = setup.train().outputDir();
    if (isAdapter(model.adapter())) {
      new AdapterExport(store)
          .write(
              setup.adapter().adapterFolder(output),
              model.adapter().get(),
              model,
              setup.model().path());
      return;
    }
    StorageType type = StorageType.of(base.config().storageType());
    boolean fits = type.holds(model.parameters().values().region());
    try (MergedWeights weights = new MergedWeights(runtime, model)) {
      new ModelExport(store)
          .write(FileStore.join(output, MODEL), base, weights, fits ? type : StorageType.FLOAT32);
    }
  }
}
