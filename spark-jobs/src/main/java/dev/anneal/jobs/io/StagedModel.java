package dev.anneal.jobs.io;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.AnnealConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.model.ModelFolder;
import dev.anneal.core.peft.AdapterAgreement;
import dev.anneal.core.peft.AdapterFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders of a model and of its adapter on this machine, for jobs that only use them. Owns
 * local copies of what lies elsewhere.
 */
public final class StagedModel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StagedModel.class);

  private final LocalFolder model;
  private final Optional<LocalFolder> adapter;

  private StagedModel(LocalFolder model, Optional<LocalFolder> adapter) {
    this.model = model;
    this.adapter = adapter;
  }

  /** On the driver: refuses what the configuration cannot mean, then opens. */
  public static StagedModel checked(LoadedConfig loaded, HadoopFileStore store) throws IOException {
    AnnealConfig config = loaded.config();
    refuse(config.model(), config.adapter());
    StagedModel staged = open(config.model(), config.adapter(), store);
    try {
      ModelFolder folder = ModelFolder.open(staged.model());
      folder.warnings().forEach(LOG::warn);
      staged
          .adapter()
          .map(AdapterFolder::open)
          .ifPresent(own -> AdapterAgreement.require(loaded, own, folder.config()));
      return staged;
    } catch (IOException | RuntimeException e) {
      staged.close();
      throw e;
    }
  }

  /** Opens what {@code model.path} and {@code adapter.path} name. */
  public static StagedModel open(ModelConfig model, AdapterConfig adapter, HadoopFileStore store)
      throws IOException {
    LocalFolder base = LocalFolder.of(store, model.requirePath(), "model.path");
    try {
      return adapter.path().isEmpty()
          ? new StagedModel(base, Optional.empty())
          : new StagedModel(
              base, Optional.of(LocalFolder.of(store, adapter.path(), "adapter.path")));
    } catch (IOException | RuntimeException e) {
      base.close();
      throw e;
    }
  }

  private static void refuse(ModelConfig model, AdapterConfig adapter) {
    if (model.fromScratch()) {
      throw new ConfigException(
          "Invalid model.from_scratch: true (this job needs the weights of model.path)");
    }
    if (model.dtype().half()) {
      throw new ConfigException(
          "Unsupported model.dtype: "
              + model.dtype().name().toLowerCase(Locale.ROOT)
              + " (needs a GPU; weights of 16 bits are read and computed in fp32 with auto)");
    }
    if (adapter.present() && adapter.path().isEmpty()) {
      throw new ConfigException(
          "Missing adapter.path (adapter.peft_type = "
              + adapter.peftType()
              + " asks for an adapter: name its folder, or set adapter.peft_type = NONE for the"
              + " bare model)");
    }
  }

  public Path model() {
    return model.path();
  }

  public Optional<Path> adapter() {
    return adapter.map(LocalFolder::path);
  }

  @Override
  public void close() {
    try {
      if (adapter.isPresent()) {
        adapter.get().close();
      }
      model.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot remove a local copy: " + e.getMessage(), e);
    }
  }
}
