package dev.anneal.core.data;

import dev.anneal.core.config.Redaction;
import dev.anneal.core.io.Sha256;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
 * @param shards the Arrow files in the order of their rows; none where Arrow was not asked for
 * @param outputs the same data in other formats
 * @param origin tokenizer, template, options and inputs
 */
public record ShardManifest(
    String annealVersion,
    List<String> columns,
    Counts counts,
    List<Shard> shards,
    List<Output> outputs,
    Origin origin) {
  /** The folder of everything that is ours beside the shards. */
  public static final String FOLDER = "_anneal";

  /** Path inside a shard folder. */
  public static final String PATH = FOLDER + "/manifest.json";

  public ShardManifest {
    columns = List.copyOf(columns);
    shards = List.copyOf(shards);
    outputs = List.copyOf(outputs);
    Counts sum = counts(shards, outputs);
    if (!sum.equals(counts)) {
      throw new IllegalArgumentException("Invalid counts: " + counts + " (expected " + sum + ")");
    }
  }

  /** A manifest of Arrow shards alone, whose counts are the shards' sums. */
  public static ShardManifest of(
      String annealVersion, List<String> columns, List<Shard> shards, Origin origin) {
    return of(annealVersion, columns, shards, List.of(), origin);
  }

  /** A manifest whose counts are the Arrow shards' sums, or without those the first format's. */
  public static ShardManifest of(
      String annealVersion,
      List<String> columns,
      List<Shard> shards,
      List<Output> outputs,
      Origin origin) {
    Counts sum = counts(shards, outputs);
    return new ShardManifest(annealVersion, columns, sum, shards, outputs, origin);
  }

  private static Counts counts(List<Shard> shards, List<Output> outputs) {
    return shards.isEmpty() && !outputs.isEmpty() ? outputs.get(0).counts() : sum(shards);
  }

  private static Counts sum(List<Shard> files) {
    return files.stream().map(Shard::counts).reduce(Counts.ZERO, Counts::plus);
  }

  /** Every file of every format, in the order of the formats. */
  public List<Shard> files() {
    List<Shard> files = new ArrayList<>(shards);
    outputs.forEach(output -> files.addAll(output.files()));
    return files;
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

    /** One row. */
    public static Counts of(TokenRow row) {
      long targets = 0;
      int start = 0;
      for (int length : row.sequenceLengths()) {
        for (int i = start + 1; i < start + length; i++) { // the first token has no predecessor
          targets += row.labels()[i] == TokenRow.IGNORE_INDEX ? 0 : 1;
        }
        start += length;
      }
      return new Counts(1, row.inputIds().length, targets);
    }

    public Counts plus(Counts other) {
      return new Counts(
          rows + other.rows, tokens + other.tokens, targetTokens + other.targetTokens);
    }
  }

  /**
   * The files of a format other than Arrow.
   *
   * @param format its name in {@code tokenize.outputs}
   * @param files in the order of their rows or documents; a file beside the one with the ids, such
   *     as an index, has no counts of its own
   */
  public record Output(String format, List<Shard> files) {
    public Output {
      files = List.copyOf(files);
    }

    /** What all files hold together. */
    public Counts counts() {
      return sum(files);
    }
  }

  /**
   * One file: its path below the folder, what it holds, its size and its sha256 in hex.
   *
   * @param counts rows of Arrow and of formats that keep rows, else documents
   */
  public record Shard(String file, Counts counts, long bytes, String sha256)
      implements Serializable {}

  /**
   * One input file as it was read, or all files of an input that has very many.
   *
   * @param input the configured path it belongs to
   * @param path its path below that; empty for all
   * @param bytes of all its files
   * @param modifiedMillis of the latest of them
   * @param files how many there are
   * @param sha256 over all of them in order; empty for one file
   */
  public record Input(
      String input, String path, long bytes, long modifiedMillis, long files, String sha256)
      implements Serializable {

    public Input {
      input = Redaction.text(input);
      path = Redaction.text(path);
    }

    public Input(String input, String path, long bytes, long modifiedMillis) {
      this(input, path, bytes, modifiedMillis, 1, "");
    }

    /** All files of an input as one, so that a manifest stays small. */
    public static Input of(String input, List<Input> files) {
      Sha256 sha = new Sha256();
      long bytes = 0;
      long latest = 0;
      for (Input file : files) {
        String line = file.path() + " " + file.bytes() + " " + file.modifiedMillis() + "\n";
        byte[] utf8 = line.getBytes(StandardCharsets.UTF_8);
        sha.update(utf8, 0, utf8.length);
        bytes += file.bytes();
        latest = Math.max(latest, file.modifiedMillis());
      }
      return new Input(input, "", bytes, latest, files.size(), sha.hex());
    }
  }

  /**
   * What the shards were made of; equal origins give equal shards.
   *
   * @param tokenizerHash sha256 of the tokenizer's files
   * @param templateHash sha256 of the chat template, empty without one
   * @param options every option that changes the shards, as text
   * @param inputs every input file in the order of reading; one for all of an input with very many
   */
  public record Origin(
      String tokenizerHash, String templateHash, Map<String, String> options, List<Input> inputs) {
    public Origin {
      Map<String, String> shown = new TreeMap<>();
      options.forEach((key, value) -> shown.put(key, Redaction.text(value)));
      options = Map.copyOf(shown);
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
