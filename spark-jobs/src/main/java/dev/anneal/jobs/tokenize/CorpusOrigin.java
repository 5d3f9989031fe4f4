package dev.anneal.jobs.tokenize;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.corpus.CorpusFile;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What shards are made of: inputs, tokenizer and every option that their bytes depend on.
 * Immutable.
 *
 * @param steps options of the steps before tokenizing
 */
record CorpusOrigin(Corpus corpus, TokenizeConfig config, Map<String, String> steps) {
  private static final int MOST_FILES = 10_000; // of an input, to stand in the manifest by name

  /** The option that holds the date which the chat template tells. */
  static final String DATE = "date";

  private static final Set<InputConfig.Format> TABLES =
      Set.of(InputConfig.Format.PARQUET, InputConfig.Format.ORC, InputConfig.Format.ARROW);

  /** What the shards are made of, for the manifest and for telling whether anything changed. */
  ShardManifest.Origin by(EncoderPlan plan) {
    List<ShardManifest.Input> listed = new ArrayList<>();
    for (int i = 0; i < corpus.inputs().size(); i++) {
      if (corpus.queries().containsKey(i)) {
        listed.add(corpus.queries().get(i).fingerprint());
        continue;
      }
      String input = corpus.inputs().get(i).path();
      List<ShardManifest.Input> ofInput = new ArrayList<>();
      for (CorpusFile file : corpus.files().get(i)) {
        ofInput.add(
            new ShardManifest.Input(input, file.path(), file.bytes(), file.modifiedMillis()));
      }
      boolean many = ofInput.size() > MOST_FILES;
      listed.addAll(many ? List.of(ShardManifest.Input.of(input, ofInput)) : ofInput);
    }
    Map<String, String> options = options(plan);
    options.putAll(steps);
    return new ShardManifest.Origin(plan.tokenizerHash(), plan.templateHash(), options, listed);
  }

  private Map<String, String> options(EncoderPlan plan) {
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
    for (int i = 0; i < corpus.inputs().size(); i++) {
      InputConfig input = corpus.inputs().get(i);
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

  private boolean ofTables() {
    return !corpus.queries().isEmpty()
        || corpus.files().stream()
            .flatMap(List::stream)
            .anyMatch(file -> TABLES.contains(file.format()));
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
