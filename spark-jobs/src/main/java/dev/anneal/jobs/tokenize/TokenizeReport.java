package dev.anneal.jobs.tokenize;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.data.ShardManifest;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** All counts of a run as JSON: {@code _anneal/report.json}. Stateless. */
final class TokenizeReport {
  private TokenizeReport() {}

  /** The counts of one input. */
  record InputCounts(String path, List<CorpusFile> files, SplitCounts counts) {}

  static String json(
      ShardManifest manifest, List<InputCounts> inputs, long droppedTokens, Duration elapsed) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ShardManifest.Counts written = manifest.counts();
    root.put("rows", written.rows());
    root.put("tokens", written.tokens());
    root.put("target_tokens", written.targetTokens());
    root.put("shards", manifest.shards().size());
    root.put("bytes", manifest.shards().stream().mapToLong(ShardManifest.Shard::bytes).sum());
    root.put("dropped_tail_tokens", droppedTokens);
    root.put("seconds", elapsed.toMillis() / 1000.0);
    SplitCounts total = SplitCounts.ZERO;
    for (InputCounts input : inputs) {
      total = total.plus(input.counts());
    }
    put(root.putObject("source_rows"), total);
    for (InputCounts input : inputs) {
      ObjectNode node = root.withArray("inputs").addObject();
      node.put("path", input.path());
      node.put("files", input.files().size());
      node.put("bytes", input.files().stream().mapToLong(CorpusFile::bytes).sum());
      put(node, input.counts());
    }
    return root.toPrettyString() + "\n";
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
