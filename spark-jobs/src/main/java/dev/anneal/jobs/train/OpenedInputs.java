package dev.anneal.jobs.train;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DataConfig;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.model.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.train.RankInputs;
import dev.anneal.core.train.TrainingSetup;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.LocalFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Model, adapter and shards on this machine, checked against each other. Owns local copies of what
 * lies elsewhere.
 */
final class OpenedInputs implements AutoCloseable {
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final ModelFolder model;
  private final Optional<AdapterFolder> adapter;
  private final ShardSet train;
  private final List<RankInputs.EvalRows> evaluations = new ArrayList<>();

  private OpenedInputs(TrainingSetup setup, DataConfig data, HadoopFileStore store)
      throws IOException {
    Path base = local(store, setup.model().requirePath(), "model.path");
    model =
        setup.model().fromScratch() ? ModelFolder.openFromScratch(base) : ModelFolder.open(base);
    adapter =
        setup.adapter().path().isEmpty()
            ? Optional.empty()
            : Optional.of(AdapterFolder.open(local(store, setup.adapter().path(), "adapter.path")));
    train = shards(store, data, data.requireTrain(), "data.train");
    for (String folder : data.eval()) {
      ShardSet rows = shards(store, data, List.of(folder), "data.eval");
      if (rows.rowCount() == 0) {
        throw new ConfigException("Invalid data.eval: " + folder + " (has 0 rows)");
      }
      evaluations.add(new RankInputs.EvalRows(evaluationName(folder, data), rows));
    }
  }

  static OpenedInputs open(TrainingSetup setup, DataConfig data, HadoopFileStore store)
      throws IOException {
    return new OpenedInputs(setup, data, store);
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

  private ShardSet shards(HadoopFileStore store, DataConfig data, List<String> folders, String key)
      throws IOException {
    List<Path> paths = new ArrayList<>();
    for (String folder : folders) {
      paths.add(local(store, folder, key));
    }
    ShardOptions options = ShardOptions.of(model.config().vocabSize());
    ShardSet set = ShardSet.open(paths, data.allowForeign() ? options.withForeign() : options);
    if (Files.exists(model.path().resolve("tokenizer.json"))) {
      set.requireTokenizer(TokenizerFolder.open(model.path()).contentHash());
    }
    return set;
  }

  private Path local(HadoopFileStore store, String folder, String key) throws IOException {
    LocalFolder local = LocalFolder.ofShards(store, folder, key);
    owned.push(local);
    return local.path();
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
    return new RankInputs(model, adapter, train, evaluations);
  }

  @Override
  public void close() throws IOException {
    train.close();
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }
}
