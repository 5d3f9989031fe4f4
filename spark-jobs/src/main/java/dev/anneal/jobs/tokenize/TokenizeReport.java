package dev.anneal.jobs.tokenize;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.data.ShardManifest;
import java.util.Locale;
import java.util.TreeMap;

/** All counts of a run as JSON: {@code _anneal/report.json}. Stateless. */
final class TokenizeReport {
  private TokenizeReport() {}

  static String json(TokenizeFacts facts) {
    ShardManifest manifest = facts.manifest();
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ShardManifest.Counts written = manifest.counts();
    root.put("rows", written.rows());
    root.put("tokens", written.tokens());
    root.put("target_tokens", written.targetTokens());
    root.put("shards", manifest.shards().size());
    root.put("bytes", manifest.shards().stream().mapToLong(ShardManifest.Shard::bytes).sum());
    root.put("dropped_tail_tokens", facts.droppedTokens());
    root.put("padding_share", rounded(facts.paddingShare()));
    root.put("bytes_per_token", rounded(facts.bytesPerToken()));
    root.put("seconds", facts.timings().elapsed().toMillis() / 1000.0);
    root.putObject("engine")
        .put("kind", facts.engine().kind().name().toLowerCase(Locale.ROOT))
        .put("reason", facts.engine().reason());
    put(root.putObject("source_rows"), facts.counts());
    for (TokenizeFacts.InputCounts input : facts.inputs()) {
      ObjectNode node = root.withArray("inputs").addObject();
      node.put("path", input.path());
      node.put("files", input.files().size());
      node.put("bytes", input.files().stream().mapToLong(CorpusFile::bytes).sum());
      node.put("text_bytes", input.stats().textBytes());
      put(node, input.counts());
    }
    lengths(root, facts.stats());
    speed(root.putObject("speed"), facts);
    return root.toPrettyString() + "\n";
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
    long[] nanos = new long[Phase.values().length];
    for (StagedSplit split : facts.staged()) {
      for (Phase phase : Phase.values()) {
        nanos[phase.ordinal()] += split.reused() ? 0 : split.stats().nanos()[phase.ordinal()];
      }
    }
    for (Phase phase : Phase.values()) {
      tasks.put(phase.name().toLowerCase(Locale.ROOT), rounded(nanos[phase.ordinal()] / 1e9));
    }
    long writing = facts.written().stream().mapToLong(WrittenShard::nanos).sum();
    tasks.put("write", rounded(writing / 1e9));
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
