package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.shard.ArrowFormat;
import dev.anneal.data.shard.ShardFolderWriter;
import dev.anneal.data.shard.ShardFormat;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.OutputPath;
import dev.anneal.jobs.tokenizer.JavaBytes;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokenize job from a configuration to a finished shard folder. Runs on the driver, one thread;
 * the Spark context belongs to the caller.
 */
public final class TokenizePipeline {
  private static final Logger LOG = LoggerFactory.getLogger(TokenizePipeline.class);

  private final JavaSparkContext spark;
  private final HadoopFileStore store;
  private final TokenizeConfig config;
  private final OutputFolder output;
  private final String staging;

  public TokenizePipeline(JavaSparkContext spark, TokenizeConfig config) {
    this.spark = spark;
    this.store = new HadoopFileStore(spark.hadoopConfiguration());
    this.config = config;
    this.output = new OutputFolder(store, config.requireOutput());
    this.staging = output.own("staging-" + UUID.randomUUID());
  }

  /** Tokenizes, or finds that the folder holds just this already. */
  public TokenizeOutcome run() throws IOException {
    long start = System.nanoTime();
    OutputPath.require(store, config.output(), "tokenize.output");
    OutputFormats.require(config);
    TokenizerFiles files =
        TokenizerFiles.read(store, config.requireTokenizer(), "tokenize.tokenizer");
    EncoderPlan plan = plan(files);
    Corpus listed = Corpus.list(config, spark);
    ShardManifest.Origin origin = listed.origin(config, plan);
    Optional<ShardManifest> finished = output.claim(origin);
    if (finished.isPresent()) {
      LOG.info("output={} is up to date: nothing to do", config.output());
      return new TokenizeOutcome(finished.get(), true, 0, output.own("report.json"));
    }
    boolean complete = false;
    try {
      Corpus corpus = listed.withQueryFiles(spark, staging);
      List<CorpusSplit> splits = corpus.splits();
      List<StagedSplit> staged = tokenize(files, plan, splits);
      Quarantine quarantine = Quarantine.of(splits, staged);
      if (!quarantine.isEmpty()) {
        quarantine.write(store, output.own("quarantine.jsonl"));
      }
      quarantine.require(config, total(staged).rows());
      List<TokenizeReport.InputCounts> counts = corpus.counts(splits, staged);
      plan.requireMask(total(staged));
      ShardPlans plans = ShardPlans.of(config, plan, staged);
      ShardManifest manifest = write(plans, origin);
      Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
      String report = TokenizeReport.json(manifest, counts, plans.droppedTokens(), elapsed);
      store.writeBytes(output.own("report.json"), report.getBytes(StandardCharsets.UTF_8));
      store.delete(staging);
      new ShardFolderWriter(store).publish(config.output(), manifest);
      complete = true;
      return new TokenizeOutcome(manifest, false, total(staged).bad(), output.own("report.json"));
    } finally {
      if (!complete) {
        removeUnfinished();
      }
    }
  }

  /** Opens the tokenizer here first, so that its faults show before any task starts. */
  private EncoderPlan plan(TokenizerFiles files) throws IOException {
    try (OpenTokenizers.Lease lease = OpenTokenizers.ofProcess().open(config, files)) {
      return EncoderPlan.of(config, lease.folder(), lease.tokenizer());
    }
  }

  private List<StagedSplit> tokenize(
      TokenizerFiles files, EncoderPlan plan, List<CorpusSplit> splits) throws IOException {
    LOG.info("output={} splits={} tokenizing", config.output(), splits.size());
    Broadcast<byte[]> tokenizer = spark.broadcast(JavaBytes.of(files));
    try {
      SplitTokenizer task = new SplitTokenizer(store, tokenizer, plan, staging);
      return map("tokenize splits", splits, task, StagedSplit.class);
    } finally {
      tokenizer.destroy();
    }
  }

  private <P extends Serializable, R> List<R> map(
      String description, List<P> plans, Function<byte[], byte[]> task, Class<R> result) {
    List<byte[]> bytes = new ArrayList<>();
    plans.forEach(plan -> bytes.add(JavaBytes.of(plan)));
    spark.sc().setJobDescription(description);
    List<R> results = new ArrayList<>();
    for (byte[] made : spark.parallelize(bytes, bytes.size()).map(task).collect()) {
      results.add(JavaBytes.to(result, made));
    }
    return results;
  }

  private ShardManifest write(ShardPlans plans, ShardManifest.Origin origin) throws IOException {
    LOG.info("output={} shards={} writing", config.output(), plans.plans().size());
    ShardTask task = new ShardTask(store, config.output(), staging);
    List<WrittenShard> written = map("write shards", plans.plans(), task, WrittenShard.class);
    List<ShardManifest.Shard> arrow = List.of();
    List<ShardManifest.Output> others = new ArrayList<>();
    try (TaskFiles files = new TaskFiles(store, config.output(), staging)) {
      for (ShardFormat format : plans.formats()) {
        List<ShardManifest.Shard> shards =
            format.complete(files, WrittenShard.filesOf(format.name(), written));
        if (format instanceof ArrowFormat) {
          arrow = shards;
        } else {
          others.add(new ShardManifest.Output(format.name(), shards));
        }
      }
      files.publish();
    }
    String version = TokenizePipeline.class.getPackage().getImplementationVersion();
    return ShardManifest.of(
        version == null ? "development" : version, plans.columns().names(), arrow, others, origin);
  }

  private static SplitCounts total(List<StagedSplit> staged) {
    return staged.stream().map(StagedSplit::counts).reduce(SplitCounts.ZERO, SplitCounts::plus);
  }

  /** Leaves the quarantine, which says what to mend; a failure here must not hide the first one. */
  private void removeUnfinished() {
    try {
      output.removeShards();
      store.delete(staging);
    } catch (IOException | RuntimeException e) {
      LOG.warn("Cannot remove unfinished files of {}: {}", config.output(), e.toString());
    }
  }
}
