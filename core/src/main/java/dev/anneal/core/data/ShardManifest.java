package dev.anneal.core.data;

import dev.anneal.core.io.Sha256;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a shard folder holds and what it was made of: {@code _anneal/manifest.json}, written last,
 * so that a folder without it is unfinished.
 *
 * @param annealVersion the version that wrote the shards
 * @param columns column names in order
 * @param counts totals over all shards
 * @param shards the files in the order of their rows
 * @param origin tokenizer, template, options and inputs
 */
public record ShardManifest(
    String annealVersion, List<String> columns, Counts counts, List<Shard> shards, Origin origin) {
  /** The folder of everything that is ours beside the shards. */
  public static final String FOLDER = "_anneal";

  /** Path inside a shard folder. */
  public static final String PATH = FOLDER + "/manifest.json";

  public ShardManifest {
    columns = List.copyOf(columns);
    shards = List.copyOf(shards);
    Counts sum = shards.stream().map(Shard::counts).reduce(Counts.ZERO, Counts::plus);
    if (!sum.equals(counts)) {
      throw new IllegalArgumentException("Invalid counts: " + counts + " (expected " + sum + ")");
    }
  }

  /** A manifest whose counts are the shards' sums. */
  public static ShardManifest of(
      String annealVersion, List<String> columns, List<Shard> shards, Origin origin) {
    Counts sum = shards.stream().map(Shard::counts).reduce(Counts.ZERO, Counts::plus);
    return new ShardManifest(annealVersion, columns, sum, shards, origin);
  }

  /** One hash over all rows: what a checkpoint stores and a resume compares. */
  public String contentHash() {
    StringBuilder lines = new StringBuilder();
    shards.forEach(
        shard -> lines.append(shard.file()).append(' ').append(shard.sha256()).append('\n'));
    return sha256(lines.toString());
  }

  static String sha256(String text) {
    return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Sizes that add up.
   *
   * @param rows number of rows
   * @param tokens number of ids
   * @param targetTokens positions with a loss, after the shift inside each sequence
   */
  public record Counts(long rows, long tokens, long targetTokens) implements Serializable {
    public static final Counts ZERO = new Counts(0, 0, 0);

    public Counts plus(Counts other) {
      return new Counts(
          rows + other.rows, tokens + other.tokens, targetTokens + other.targetTokens);
    }
  }

  /** One Arrow file: its name, what it holds, its size and its sha256 in hex. */
  public record Shard(String file, Counts counts, long bytes, String sha256)
      implements Serializable {}

  /**
   * One input file as it was read.
   *
   * @param input the configured path it belongs to
   * @param path its path below that
   */
  public record Input(String input, String path, long bytes, long modifiedMillis)
      implements Serializable {}

  /**
   * What the shards were made of; equal origins give equal shards.
   *
   * @param tokenizerHash sha256 of the tokenizer's files
   * @param templateHash sha256 of the chat template, empty without one
   * @param options every option that changes the shards, as text
   * @param inputs every input file in the order of reading
   */
  public record Origin(
      String tokenizerHash, String templateHash, Map<String, String> options, List<Input> inputs) {
    public Origin {
      options = Map.copyOf(options);
      inputs = List.copyOf(inputs);
    }

    /** The options in the order of their names. */
    public SortedMap<String, String> sortedOptions() {
      return new TreeMap<>(options);
    }

    public String optionsHash() {
      StringBuilder lines = new StringBuilder();
      sortedOptions()
          .forEach((key, value) -> lines.append(key).append('=').append(value).append('\n'));
      return ShardManifest.sha256(lines.toString());
    }
  }
}
