package dev.anneal.core.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.assembly.TrainedParameters;
import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.CheckpointManifest;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.checkpoint.RankFile;
import dev.anneal.core.checkpoint.TrainPosition;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.format.Shape;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.run.EvalMetrics;
import dev.anneal.core.run.MetricsFile;
import dev.anneal.core.run.RunFolder;
import dev.anneal.core.run.StepMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A whole run of a recorded model: ranks are threads, the first of them does the driver's work. */
final class SmallRun {
  private final FileStore store;
  private final TrainingConfig config;
  private final RowSource rows;
  private final List<String> notes = new ArrayList<>();
  private Optional<ProgressListener> watcher = Optional.empty();
  private List<RankInputs.EvalRows> evaluations = List.of();
  private FileStore rankStore;
  private long stopAfter = Long.MAX_VALUE;

  private SmallRun(FileStore store, TrainingConfig config, RowSource rows) {
    this.store = store;
    this.rankStore = store;
    this.config = config;
    this.rows = rows;
  }

  /** A run over the rows of a recorded curve; settings override small ones. */
  static SmallRun of(FileStore store, String curve, Path output, String... settings)
      throws IOException {
    JsonNode facts = Parity.json(curve + "/curve.json");
    List<String> all =
        new ArrayList<>(
            List.of(
                "model.path=" + Parity.folder(facts.get("model").asText()),
                "train.output_dir=" + output,
                "train.max_steps=6",
                "train.save_steps=2",
                "train.per_device_train_batch_size=2",
                "train.learning_rate=0.002",
                "train.warmup_steps=2",
                "train.weight_decay=0.1",
                "distributed.threads_per_rank=1"));
    all.addAll(List.of(settings));
    RowSource rows = new ListRows(Parity.rows(facts.get("rows")));
    return new SmallRun(store, TrainingConfig.of(all.toArray(String[]::new)), rows);
  }

  /** Evaluates too, and tells of the first rank's progress; ranks have a store of their own. */
  SmallRun watched(ProgressListener by, RankInputs.EvalRows evaluated, FileStore ofRanks) {
    watcher = Optional.of(by);
    evaluations = List.of(evaluated);
    rankStore = ofRanks;
    return this;
  }

  /** The second rank is told in this step to end after it; the first one does not hear of it. */
  SmallRun stoppedIn(long step) {
    stopAfter = step;
    return this;
  }

  /** Trains as the driver would have the ranks do, and returns the steps of this call. */
  List<StepMetrics> train() throws IOException, InterruptedException {
    RunFolder folder = new RunFolder(store, config.train().outputDir(), line -> {});
    Optional<Checkpoint> resume = folder.start(config.train().resumeFromCheckpoint());
    long first = resume.map(Checkpoint::step).orElse(0L);
    folder.checkpoints().discardAfter(resume.isPresent() ? first : -1);
    String attempt = UUID.randomUUID().toString();
    try (MetricsFile metrics = MetricsFile.open(store, folder.child(RunFolder.METRICS), first)) {
      Driver driver = new Driver(metrics, folder.checkpoints(), attempt);
      ranks(driver, resume.map(Checkpoint::folder), attempt);
      return driver.steps;
    }
  }

  /** Lines of the first rank, over all calls. */
  List<String> notes() {
    return notes;
  }

  private void ranks(Driver driver, Optional<String> resume, String attempt)
      throws IOException, InterruptedException {
    int worldSize = config.distributed().worldSize();
    ExecutorService pool = Executors.newFixedThreadPool(worldSize);
    try {
      List<Future<TrainState>> ranks = new ArrayList<>();
      for (Collective member : LocalGroup.of(worldSize).members()) {
        ranks.add(pool.submit(() -> rank(member, driver, resume, attempt)));
      }
      for (Future<TrainState> rank : ranks) {
        rank.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("A rank failed: " + e.getCause().getMessage(), e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }

  private TrainState rank(Collective member, Driver driver, Optional<String> resume, String attempt)
      throws IOException {
    ModelFolder model = ModelFolder.open(Path.of(config.model().path()));
    RankInputs inputs = new RankInputs(model, Optional.empty(), rows, evaluations);
    RankObserver observer = member.rank() == 0 ? driver : new Silent(stopAfter);
    try {
      return new RankTrainer(TrainingSetup.of(config), inputs, member, rankStore, observer)
          .run(1, resume, attempt);
    } catch (IOException | RuntimeException e) {
      member.abort(GroupFailure.last(String.valueOf(e.getMessage())));
      throw e;
    }
  }

  private Map<String, Shape> parameters() {
    ModelFolder model = ModelFolder.open(Path.of(config.model().path()));
    Optional<AdapterMethod> method =
        AdapterRegistry.choose(config.adapter(), Optional.empty(), model.config());
    List<ParameterSpec> specs = TrainedParameters.of(model.config(), method);
    Map<String, Shape> shapes = new LinkedHashMap<>();
    specs.forEach(spec -> shapes.put(spec.name(), spec.shape()));
    return shapes;
  }

  /** What the driver does: a step's line is on disk before its checkpoint counts. */
  private final class Driver implements RankObserver {
    private final List<StepMetrics> steps = new ArrayList<>();
    private final MetricsFile metrics;
    private final CheckpointStore checkpoints;
    private final String attempt;

    Driver(MetricsFile metrics, CheckpointStore checkpoints, String attempt) {
      this.metrics = metrics;
      this.checkpoints = checkpoints;
      this.attempt = attempt;
    }

    @Override
    public void onStep(StepMetrics step) {
      metrics.append(step);
      steps.add(step);
    }

    @Override
    public void commit(TrainState state, List<RankFile> files) throws IOException {
      metrics.flush();
      TrainPosition position =
          new TrainPosition(state.step(), 0, 0, state.tokensSeen(), state.targetTokensSeen(), 42);
      int worldSize = config.distributed().worldSize();
      checkpoints.commit(
          new CheckpointManifest(
              position, worldSize, attempt, parameters(), Map.of(), files, state.lossScale()));
      checkpoints.prune(config.train().saveTotalLimit());
    }

    @Override
    public void phase(long step, String name) {
      watcher.ifPresent(by -> by.phase(step, name));
    }

    @Override
    public void progress() {
      watcher.ifPresent(ProgressListener::progress);
    }

    @Override
    public void note(String text) {
      notes.add(text);
    }

    @Override
    public void onEvaluation(EvalMetrics evaluation) {}
  }

  private static final class Silent implements RankObserver {
    private final long stopAfter;
    private long inStep = 1;

    Silent(long stopAfter) {
      this.stopAfter = stopAfter;
    }

    @Override
    public void onStep(StepMetrics step) {
      inStep = step.step() + 1;
    }

    @Override
    public boolean stopWanted() {
      return inStep >= stopAfter;
    }

    @Override
    public void commit(TrainState state, List<RankFile> files) {}

    @Override
    public void phase(long step, String name) {}

    @Override
    public void progress() {}

    @Override
    public void note(String text) {}

    @Override
    public void onEvaluation(EvalMetrics evaluation) {}
  }

  record ListRows(List<TokenRow> rows) implements RowSource {
    @Override
    public long rowCount() {
      return rows.size();
    }

    @Override
    public TokenRow row(long index) {
      return rows.get((int) index);
    }

    @Override
    public int length(long index) {
      return row(index).inputIds().length;
    }

    @Override
    public boolean ragged() {
      return rows.stream().mapToInt(row -> row.inputIds().length).distinct().count() > 1;
    }

    @Override
    public List<String> contentHashes() {
      return List.of();
    }

    @Override
    public void close() {}
  }
}
