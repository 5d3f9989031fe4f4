package dev.anneal.jobs.train;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DataConfig;
import dev.anneal.core.data.ShardFiles;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.train.RankInputs;
import dev.anneal.core.train.TrainingSetup;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HostFiles;
import dev.anneal.jobs.io.ResizedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Model, adapter and shards on this machine, checked against each other. Shards of elsewhere come
 * as their rows are read. Owns what was fetched.
 */
final class OpenedInputs implements AutoCloseable {
  /** Micro-batches are read ahead, and ranks of one step are not all at the same one. */
  private static final long STEPS_AT_ONCE = 4;

  private final HostFiles files;
  private final List<ShardSet> sets = new ArrayList<>();
  private final ModelFolder model;
  private final Optional<AdapterFolder> adapter;
  private final List<Integer> initialTokens;
  private final ShardSet train;
  private final int folders;
  private final List<RankInputs.EvalRows> evaluations = new ArrayList<>();

  /** What is needed of the model folder. */
  private enum Model {
    WHOLE,
    HEADERS
  }

  private OpenedInputs(TrainingSetup setup, DataConfig data, FetchPlan plan, Model depth)
      throws IOException {
    files = plan.open();
    try {
      Path base = folder(setup.model().requirePath(), "model.path", depth);
      ModelFolder stored =
          setup.model().fromScratch() ? ModelFolder.openFromScratch(base) : ModelFolder.open(base);
      adapter =
          setup.adapter().path().isEmpty()
              ? Optional.empty()
              : Optional.of(
                  AdapterFolder.open(folder(setup.adapter().path(), "adapter.path", depth)));
      model = ResizedModel.of(stored, setup.model(), adapter);
      initialTokens = adapter.isPresent() ? List.of() : InitialText.tokens(setup.adapter(), model);
      boolean shuffled = setup.train().shuffle();
      folders = data.requireTrain().size();
      train = shards(data, data.requireTrain(), "data.train", shuffled);
      for (String folder : data.eval()) {
        ShardSet rows = shards(data, List.of(folder), "data.eval", false);
        if (rows.rowCount() == 0) {
          throw new ConfigException("Invalid data.eval: " + folder + " (has 0 rows)");
        }
        evaluations.add(new RankInputs.EvalRows(evaluationName(folder, data), rows));
      }
      if (depth == Model.WHOLE || files.boundBySettings()) {
        files.requireRoom(kept(setup), shuffled);
      }
    } catch (IOException | RuntimeException e) {
      closeQuietly(e);
      throw e;
    }
  }

  private long kept(TrainingSetup setup) {
    int ranks = setup.distributed().worldSize();
    long together = setup.train().globalBatchSize(ranks) * STEPS_AT_ONCE;
    long bytes = HostFiles.kept(train, setup.train().shuffle() ? 0 : together);
    for (RankInputs.EvalRows eval : evaluations) {
      long scored = (long) setup.train().perDeviceEvalBatchSize() * ranks;
      bytes += HostFiles.kept((ShardSet) eval.rows(), scored);
    }
    return bytes;
  }

  /** All that a rank reads. */
  static OpenedInputs open(TrainingSetup setup, DataConfig data, FetchPlan plan)
      throws IOException {
    return new OpenedInputs(setup, data, plan, Model.WHOLE);
  }

  /**
   * What the driver looks at: of a model or adapter of elsewhere the small files and the headers of
   * its weights, whose values read as zeros.
   */
  static OpenedInputs forPlanning(TrainingSetup setup, DataConfig data, FetchPlan plan)
      throws IOException {
    return new OpenedInputs(setup, data, plan, Model.HEADERS);
  }

  private Path folder(String folder, String key, Model depth) throws IOException {
    return depth == Model.WHOLE ? files.folder(folder, key) : files.headers(folder, key);
  }

  /** A folder's last name; all of it where two folders end alike. */
  private static String evaluationName(String folder, DataConfig data) {
    String last = Path.of(folder).getFileName().toString();
    long alike =
        data.eval().stream()
            .filter(other -> Path.of(other).getFileName().toString().equals(last))
            .count();
    return alike == 1 ? last : folder;
  }

  private ShardSet shards(DataConfig data, List<String> folders, String key, boolean keepsAll)
      throws IOException {
    List<ShardFiles> opened = new ArrayList<>();
    for (String folder : folders) {
      opened.add(files.shards(folder, key, keepsAll));
    }
    ShardOptions options = ShardOptions.of(model.config().vocabSize());
    ShardSet set =
        ShardSet.openFiles(opened, data.allowForeign() ? options.withForeign() : options);
    sets.add(set);
    if (Files.exists(model.path().resolve("tokenizer.json"))) {
      set.requireTokenizer(TokenizerFolder.open(model.path()).contentHash());
    }
    return set;
  }

  /** Begins to fetch what is read in no order that could tell which file comes next. */
  void readAhead(TrainingSetup setup, int part, int parts) {
    if (setup.train().shuffle()) {
      train.expectAll(part, parts);
    }
  }

  /** Whether a hash of the training rows takes all bytes of files that lie elsewhere. */
  boolean needsBytesOfElsewhere() {
    return train.manifests().size() < folders && !train.remote().isEmpty();
  }

  ModelFolder model() {
    return model;
  }

  Optional<AdapterFolder> adapter() {
    return adapter;
  }

  ShardSet train() {
    return train;
  }

  RankInputs forRank() {
    return new RankInputs(model, adapter, train, evaluations, initialTokens);
  }

  private void closeQuietly(Exception primary) {
    try {
      close();
    } catch (IOException | UncheckedIOException e) {
      primary.addSuppressed(e);
    }
  }

  @Override
  public void close() throws IOException {
    try (files) {
      sets.forEach(ShardSet::close);
    }
  }
}
