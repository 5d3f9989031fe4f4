package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.InputConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * The inputs of a run with their files, in order. Immutable.
 *
 * @param files of each input; none for a query that is not written yet
 * @param queries by the index of their input
 */
record Corpus(
    List<InputConfig> inputs, List<List<CorpusFile>> files, Map<Integer, QueryRows> queries) {
  private static final int MOST_FILES = 10_000; // of an input, to stand in the manifest by name

  /** The option that holds the date which the chat template tells. */
  static final String DATE = "date";

  /** Lists every input; {@link ConfigException} names one that is missing or empty. */
  static Corpus list(TokenizeConfig config, JavaSparkContext spark) throws IOException {
    CorpusListing listing = new CorpusListing(spark.hadoopConfiguration());
    List<List<CorpusFile>> files = new ArrayList<>();
    Map<Integer, QueryRows> queries = new TreeMap<>();
    List<InputConfig> inputs = config.requireInputs();
    for (int i = 0; i < inputs.size(); i++) {
      InputConfig input = inputs.get(i);
      if (input.ofFiles()) {
        files.add(listing.list(i, input));
      } else {
        SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
        queries.put(i, QueryRows.of(session, i, input, config.keepNulls()));
        files.add(List.of());
      }
    }
    return new Corpus(inputs, files, queries);
  }

  /** The same corpus with the rows of its queries as files of a folder. */
  Corpus withQueryFiles(HadoopFileStore store, String folder) throws IOException {
    List<List<CorpusFile>> written = new ArrayList<>(files);
    for (Map.Entry<Integer, QueryRows> query : queries.entrySet()) {
      int index = query.getKey();
      written.set(index, new QueryFolder(store, folder, index).files(query.getValue()));
    }
    return new Corpus(inputs, written, queries);
  }

  /** The same corpus with other weights of its inputs. */
  Corpus withWeights(double[] weights) {
    List<InputConfig> weighted = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      weighted.add(inputs.get(i).withWeight(weights[i]));
    }
    return new Corpus(weighted, files, queries);
  }

  List<CorpusSplit> splits() {
    return SplitPlanner.plan(inputs, files);
  }

  /** What the shards are made of, for the manifest and for telling whether anything changed. */
  ShardManifest.Origin origin(TokenizeConfig config, EncoderPlan plan, Map<String, String> steps) {
    List<ShardManifest.Input> listed = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      if (queries.containsKey(i)) {
        listed.add(queries.get(i).fingerprint());
        continue;
      }
      String input = inputs.get(i).path();
      List<ShardManifest.Input> ofInput = new ArrayList<>();
      for (CorpusFile file : files.get(i)) {
        ofInput.add(
            new ShardManifest.Input(input, file.path(), file.bytes(), file.modifiedMillis()));
      }
      boolean many = ofInput.size() > MOST_FILES;
      listed.addAll(many ? List.of(ShardManifest.Input.of(input, ofInput)) : ofInput);
    }
    Map<String, String> options = options(config, plan);
    options.putAll(steps);
    return new ShardManifest.Origin(plan.tokenizerHash(), plan.templateHash(), options, listed);
  }

  private Map<String, String> options(TokenizeConfig config, EncoderPlan plan) {
    Map<String, String> options = new TreeMap<>();
    options.put("stage", lower(config.stage()));
    options.put("block_size", Integer.toString(config.blockSize()));
    options.put("attention_mask", Boolean.toString(config.attentionMask()));
    options.put("split_special_tokens", Boolean.toString(config.splitSpecialTokens()));
    options.put("shard_mb", Integer.toString(config.shardMb()));
    if (!config.outputs().equals(List.of(TokenizeConfig.Output.ARROW))) {
      options.put("outputs", config.outputs().toString().toLowerCase(Locale.ROOT));
    }
    if (plan.hasLabels()) {
      options.put("packing", lower(config.packing()));
      options.put("mask", lower(config.mask()));
      options.put("overlong", lower(config.overlong()));
      if (!plan.date().isEmpty()) {
        options.put(DATE, plan.date());
      }
    } else {
      options.put("tail", lower(config.tail()));
      options.put("eos_id", Integer.toString(plan.eosId()));
    }
    if (plan.hasLabels() && ofTables()) {
      options.put("keep_nulls", Boolean.toString(config.keepNulls()));
    }
    for (int i = 0; i < inputs.size(); i++) {
      InputConfig input = inputs.get(i);
      String key = "inputs[" + i + "].";
      options.put(key + "format", lower(input.format()));
      options.put(key + "dataset_format", lower(input.datasetFormat()));
      // Only where set, so that a key added later does not disown older shards.
      if (!input.orderBy().isEmpty()) {
        options.put(key + "order_by", input.orderBy());
      }
      if (input.weight() != 1) {
        options.put(key + "weight", Double.toString(input.weight()));
      }
      if (!input.columns().isEmpty()) {
        options.put(key + "columns", input.columns().toString());
      }
    }
    return options;
  }

  private static final Set<InputConfig.Format> TABLES =
      Set.of(InputConfig.Format.PARQUET, InputConfig.Format.ORC, InputConfig.Format.ARROW);

  private boolean ofTables() {
    return !queries.isEmpty()
        || files.stream().flatMap(List::stream).anyMatch(file -> TABLES.contains(file.format()));
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Adds the splits' counts up by input and refuses an input that gave nothing. */
  List<TokenizeFacts.InputCounts> counts(
      List<CorpusSplit> splits, List<StagedSplit> staged, OutputSet set) {
    EmptyFiles.of(splits, staged).warn();
    SplitCounts[] sums = new SplitCounts[inputs.size()];
    SplitStats[] stats = new SplitStats[sums.length];
    Arrays.fill(sums, SplitCounts.ZERO);
    Arrays.fill(stats, SplitStats.zero());
    for (int i = 0; i < splits.size(); i++) {
      int input = splits.get(i).input();
      sums[input] = sums[input].plus(staged.get(i).counts());
      stats[input] = stats[input].plus(staged.get(i).stats());
    }
    List<TokenizeFacts.InputCounts> counts = new ArrayList<>();
    for (int i = 0; i < sums.length; i++) {
      String name = inputs.get(i).source();
      counts.add(
          new TokenizeFacts.InputCounts(
              name, files.get(i), inputs.get(i).weight(), sums[i], stats[i]));
      if (sums[i].tokens() == 0 && set.holdsMost()) {
        throw new ConfigException(
            "Invalid tokenize.inputs[%d]: %s (gives no tokens: %d rows read%s)"
                .formatted(i, name, sums[i].rows(), why(sums[i])));
      }
    }
    return counts;
  }

  private static String why(SplitCounts counts) {
    StringBuilder why = new StringBuilder();
    new TreeMap<>(counts.skipped())
        .forEach((reason, count) -> why.append(", " + count + " " + lower(reason)));
    new TreeMap<>(counts.dropped())
        .forEach((reason, count) -> why.append(", " + count + " dropped: " + reason));
    return why + (counts.bad() > 0 ? ", " + counts.bad() + " bad" : "");
  }
}
