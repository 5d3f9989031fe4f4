package dev.anneal.jobs.tokenize.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.dedup.Bands;
import dev.anneal.jobs.corpus.CorpusFile;
import dev.anneal.jobs.prepare.MinHashDedup;
import dev.anneal.jobs.tokenize.tally.Phase;
import dev.anneal.jobs.tokenize.tally.SkipReason;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** All counts of a run as JSON: {@code _anneal/report.json}. Stateless. */
public final class TokenizeReport {
  private TokenizeReport() {}

  public static String json(TokenizeFacts facts) {
    ShardManifest manifest = facts.manifest();
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ShardManifest.Counts written = manifest.counts();
    root.put("rows", written.rows());
    root.put("tokens", written.tokens());
    root.put("target_tokens", written.targetTokens());
    root.put("shards", manifest.shards().size());
    root.put("bytes", bytes(manifest.shards()));
    for (ShardManifest.Output output : manifest.outputs()) {
      root.withArray("outputs")
          .addObject()
          .put("format", output.format())
          .put("rows", output.counts().rows())
          .put("tokens", output.counts().tokens())
          .put("files", output.files().size())
          .put("bytes", bytes(output.files()));
    }
    root.put("dropped_tail_tokens", facts.droppedTokens());
    root.put("padding_share", rounded(facts.paddingShare()));
    root.put("bytes_per_token", rounded(facts.bytesPerToken()));
    root.put("seconds", facts.timings().elapsed().toMillis() / 1000.0);
    root.putObject("engine")
        .put("kind", facts.engine().kind().name().toLowerCase(Locale.ROOT))
        .put("reason", facts.engine().reason());
    if (facts.config().dedup().minhash()) {
      nearDuplicates(root.putObject("near_duplicates"), facts.config().dedup());
    }
    put(root.putObject("source_rows"), facts.counts());
    for (InputCounts input : facts.inputs()) {
      ObjectNode node = root.withArray("inputs").addObject();
      node.put("path", input.path());
      node.put("files", input.files().size());
      node.put("bytes", input.files().stream().mapToLong(CorpusFile::bytes).sum());
      node.put("epochs", input.epochs());
      node.put("text_bytes", input.stats().textBytes());
      put(node, input.counts());
    }
    lengths(root, facts.stats());
    speed(root.putObject("speed"), facts);
    return root.toPrettyString() + "\n";
  }

  private static long bytes(List<ShardManifest.Shard> files) {
    return files.stream().mapToLong(ShardManifest.Shard::bytes).sum();
  }

  /** How near duplicates were looked for: what is compared is verified, the rest is chance. */
  private static void nearDuplicates(ObjectNode node, DedupConfig config) {
    Bands bands = MinHashDedup.of(config).bands();
    node.put("threshold", config.threshold());
    node.put("ngram", config.ngram());
    node.put("bands", bands.bands());
    node.put("rows", bands.rows());
    node.put("steepest_at_jaccard", rounded(bands.middle()));
    node.put("share_compared_at_threshold", rounded(bands.probability(config.threshold())));
  }

  /** Samples by length, in buckets that double; empty ones at both ends left out. */
  private static void lengths(ObjectNode root, SplitStats stats) {
    long[] buckets = stats.lengths();
    for (int i = 0; i < buckets.length; i++) {
      if (buckets[i] > 0) {
        root.withArray("lengths")
            .addObject()
            .put("from_tokens", 1L << i)
            .put("to_tokens", (1L << (i + 1)) - 1)
            .put("samples", buckets[i]);
      }
    }
  }

  private static void speed(ObjectNode node, TokenizeFacts facts) {
    double[] seconds = facts.splitSeconds();
    node.put("tokens_per_second_per_core", Math.round(facts.tokensPerSecondPerCore()));
    node.put("tokenizing_seconds", facts.timings().tokenizing().toMillis() / 1000.0);
    node.put("writing_seconds", facts.timings().writing().toMillis() / 1000.0);
    node.put("splits", facts.staged().size());
    node.put("splits_of_an_earlier_run", facts.staged().size() - seconds.length);
    if (seconds.length > 0) {
      node.put("slowest_split_seconds", rounded(seconds[seconds.length - 1]));
      node.put("median_split_seconds", rounded(seconds[seconds.length / 2]));
    }
    ObjectNode tasks = node.putObject("task_seconds");
    double[] phases = facts.phaseSeconds();
    for (Phase phase : Phase.values()) {
      tasks.put(phase.name().toLowerCase(Locale.ROOT), rounded(phases[phase.ordinal()]));
    }
    tasks.put("write", rounded(facts.writeSeconds()));
  }

  private static double rounded(double value) {
    return Math.round(value * 1e4) / 1e4;
  }

  private static void put(ObjectNode node, SplitCounts counts) {
    node.put("read", counts.rows());
    node.put("tokenized", counts.samples());
    for (SkipReason reason : SkipReason.values()) {
      node.put(reason.name().toLowerCase(Locale.ROOT), counts.skipped(reason));
    }
    if (!counts.dropped().isEmpty()) {
      ObjectNode dropped = node.putObject("dropped");
      new TreeMap<>(counts.dropped()).forEach(dropped::put);
    }
    node.put("bad", counts.bad());
    node.put("truncated", counts.truncated());
    node.put("tokens", counts.tokens());
    node.put("target_tokens", counts.targets());
  }
}
