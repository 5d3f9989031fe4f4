package dev.anneal.jobs.export;

import dev.anneal.core.assembly.TrainedParameters;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.export.Combination;
import dev.anneal.core.export.CombinedAdapter;
import dev.anneal.core.format.Shape;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.config.ExportConfig;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.HostFiles;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Adapters of {@code export.adapters} as one. Immutable. */
final class CombinedExport {
  /** What rounding may make of concatenated matrices. */
  private static final double EXACT = 1e-5;

  private static final Logger LOG = LoggerFactory.getLogger(CombinedExport.class);

  private final LoadedConfig<AnnealConfig> loaded;
  private final ExportConfig config;
  private final FetchPlan fetching;

  private CombinedExport(LoadedConfig<AnnealConfig> loaded, FetchPlan fetching) {
    this.loaded = loaded;
    this.config = loaded.config().export();
    this.fetching = fetching;
  }

  /** Refuses settings that mean something else. */
  static CombinedExport of(
      LoadedConfig<AnnealConfig> loaded, HadoopFileStore store, FetchPlan fetching)
      throws IOException {
    for (String key : loaded.setKeys()) {
      if (key.startsWith("adapter.")) {
        throw new ConfigException(
            "Invalid " + key + ": has no effect with export.adapters (leave it out)");
      }
    }
    for (ExportConfig.WeightedAdapter part : loaded.config().export().adapters()) {
      String output = loaded.config().export().requireOutput();
      ExportFolder.requireApart(store, output, part.path(), "one of export.adapters");
    }
    return new CombinedExport(loaded, fetching);
  }

  /** Writes the combination as export.output. */
  JobResult write(JobContext context, FileStore store) throws IOException {
    String output = config.output();
    String figures = write(store, output, true);
    JobResult result =
        figures.isEmpty() && config.verify()
            ? JobResult.of(
                ExitCode.DATA, "What was written to " + output + " is not the weighted sum")
            : JobResult.ok("exported to " + output).withPath("output", output);
    context.out().println("Wrote " + Redaction.text(output) + figures);
    return result;
  }

  /**
   * Writes the folder, and compares it with the parts where that is wanted.
   *
   * @return what to say of it; empty where it was not compared or is wrong
   */
  String write(FileStore store, String folder, boolean claim) throws IOException {
    try (HostFiles files = fetching.open();
        TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(loaded.config().distributed().threads(1));
      List<CombinedAdapter.Part> parts = parts(files);
      try (CombinedAdapter combined =
          CombinedAdapter.open(runtime, parts, config.combinationType(), config.svdRank())) {
        String base = base(combined);
        if (claim) {
          ExportFolder.claim(store, folder);
        }
        combined.write(store, folder, base);
        LOG.info(
            "adapters={} combination_type={} r={}", parts.size(), combined.how(), combined.rank());
        return config.verify() ? compared(combined, files, folder) : "";
      }
    }
  }

  private static String compared(CombinedAdapter combined, HostFiles files, String folder)
      throws IOException {
    double distance = combined.distance(AdapterFolder.open(files.folder(folder, "export.output")));
    if (!Double.isFinite(distance) || combined.how() == Combination.CAT && distance > EXACT) {
      return "";
    }
    return String.format(
        Locale.ROOT,
        " (r %d; its change is %.3g of the weighted sum's length away from that sum)",
        combined.rank(),
        distance);
  }

  private List<CombinedAdapter.Part> parts(HostFiles files) throws IOException {
    Optional<ModelFolder> model = model(files);
    List<CombinedAdapter.Part> parts = new ArrayList<>();
    for (int i = 0; i < config.adapters().size(); i++) {
      ExportConfig.WeightedAdapter part = config.adapters().get(i);
      String key = "export.adapters[" + i + "].path";
      try {
        AdapterFolder folder = AdapterFolder.open(files.folder(part.path(), key));
        if (model.isPresent()) {
          requireFit(folder, model.get());
        }
        parts.add(new CombinedAdapter.Part(folder, part.weight()));
      } catch (ConfigException e) {
        throw new ConfigException(e.getMessage().replace("adapter.path", key), e);
      }
    }
    return parts;
  }

  private Optional<ModelFolder> model(HostFiles files) throws IOException {
    String path = loaded.config().model().path();
    return path.isEmpty()
        ? Optional.empty()
        : Optional.of(ModelFolder.open(files.headers(path, "model.path")));
  }

  private static void requireFit(AdapterFolder folder, ModelFolder base) throws IOException {
    DecoderConfig model = folder.fitted(base).config();
    Optional<AdapterMethod> method = Optional.of(AdapterRegistry.existing(folder, model));
    Map<String, Shape> expected = new LinkedHashMap<>();
    for (ParameterSpec spec : TrainedParameters.of(model, method)) {
      expected.put(method.get().exportName(spec), spec.shape());
    }
    folder.openWeights(expected).close();
  }

  private String base(CombinedAdapter combined) {
    List<String> named = combined.baseModels();
    String path = loaded.config().model().path();
    if (!path.isEmpty()) {
      return path;
    }
    if (named.size() > 1) {
      throw new ConfigException(
          "Cannot combine export.adapters: their base_model_name_or_path are "
              + String.join(", ", named)
              + " (must be one base; if it is, say which by model.path)");
    }
    return named.isEmpty() ? "" : named.get(0);
  }
}
