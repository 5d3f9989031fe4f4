package dev.anneal.jobs.io;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterAgreement;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.config.NamedAdapter;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders of a model and of its adapter on this machine, for jobs that only use them. Owns what
 * was fetched of elsewhere.
 */
public final class StagedModel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StagedModel.class);

  private final HostFiles files;
  private final Path model;
  private final Optional<Path> adapter;
  private final Map<String, Path> named;

  private StagedModel(
      HostFiles files, Path model, Optional<Path> adapter, Map<String, Path> named) {
    this.files = files;
    this.model = model;
    this.adapter = adapter;
    this.named = named;
  }

  /**
   * Adapters that a job opens besides {@code adapter.path}. Immutable; travels to executors.
   *
   * @param key the setting that lists them
   */
  public record Named(String key, List<NamedAdapter> adapters) implements Serializable {
    /** No others. */
    public static final Named NONE = new Named("", List.of());

    public Named {
      adapters = List.copyOf(adapters);
    }

    private String key(int index) {
      return key + "[" + index + "].path";
    }
  }

  /** On the driver: refuses what the configuration cannot mean, then opens. */
  public static StagedModel checked(LoadedConfig<AnnealConfig> loaded, FetchPlan plan, Named named)
      throws IOException {
    AnnealConfig config = loaded.config();
    requireAgreement(loaded, plan, named);
    return open(config.model(), config.adapter(), plan, named);
  }

  /** Refuses what the configuration cannot mean, by the headers of model and adapter. */
  public static void requireAgreement(
      LoadedConfig<AnnealConfig> loaded, FetchPlan plan, Named named) throws IOException {
    AnnealConfig config = loaded.config();
    refuse(config.model(), config.adapter());
    try (HostFiles files = plan.open()) {
      ModelFolder folder =
          ModelFolder.open(files.headers(config.model().requirePath(), "model.path"));
      folder.warnings().forEach(LOG::warn);
      if (!config.adapter().path().isEmpty()) {
        Path adapter = files.headers(config.adapter().path(), "adapter.path");
        AdapterAgreement.require(
            config.adapter(), loaded::isSet, AdapterFolder.open(adapter), folder.config());
      }
      for (int i = 0; i < named.adapters().size(); i++) {
        String path = named.adapters().get(i).path();
        try {
          AdapterRegistry.existing(
              AdapterFolder.open(files.headers(path, named.key(i))), folder.config());
        } catch (ConfigException e) {
          throw new ConfigException(e.getMessage().replace("adapter.path", named.key(i)), e);
        }
      }
    }
  }

  /** Opens what {@code model.path} and {@code adapter.path} name. */
  public static StagedModel open(ModelConfig model, AdapterConfig adapter, FetchPlan plan)
      throws IOException {
    return open(model, adapter, plan, Named.NONE);
  }

  /** Opens those and the named ones. */
  public static StagedModel open(
      ModelConfig model, AdapterConfig adapter, FetchPlan plan, Named named) throws IOException {
    HostFiles files = plan.open();
    try {
      Path base = files.folder(model.requirePath(), "model.path");
      Map<String, Path> others = new LinkedHashMap<>();
      for (int i = 0; i < named.adapters().size(); i++) {
        NamedAdapter other = named.adapters().get(i);
        others.put(other.name(), files.folder(other.path(), named.key(i)));
      }
      return new StagedModel(
          files,
          base,
          adapter.path().isEmpty()
              ? Optional.empty()
              : Optional.of(files.folder(adapter.path(), "adapter.path")),
          others);
    } catch (IOException | RuntimeException e) {
      files.close();
      throw e;
    }
  }

  private static void refuse(ModelConfig model, AdapterConfig adapter) {
    if (model.fromScratch()) {
      throw new ConfigException(
          "Invalid model.from_scratch: true (this job needs the weights of model.path)");
    }
    ResizedModel.refuse(model);
    if (model.dtype().half()) {
      throw new ConfigException(
          "Unsupported model.dtype: "
              + model.dtype().name().toLowerCase(Locale.ROOT)
              + " (this job computes in fp32: leave it at auto; weights of 16 bits are read as they"
              + " are)");
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
    return model;
  }

  public Optional<Path> adapter() {
    return adapter;
  }

  /** The others, by their names, in their order. */
  public Map<String, Path> named() {
    return named;
  }

  @Override
  public void close() {
    try {
      files.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot remove what was fetched: " + e.getMessage(), e);
    }
  }
}
