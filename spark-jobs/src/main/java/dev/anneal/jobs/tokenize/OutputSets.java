package dev.anneal.jobs.tokenize;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.text.ContentSplit;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.OutputPath;
import dev.anneal.jobs.tokenize.output.OutputFolder;
import dev.anneal.jobs.tokenize.output.OutputSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Writes the sets of {@code tokenize.split} as datasets lays a DatasetDict out: a shard folder
 * each, and {@code dataset_dict.json} last. Runs on the driver, one thread.
 */
final class OutputSets {
  private static final String DICT = "dataset_dict.json";
  private static final Set<String> OWN =
      Set.of(
          ContentSplit.TRAIN,
          ContentSplit.VALIDATION,
          ContentSplit.TEST,
          DICT,
          ShardManifest.FOLDER);

  private final JavaSparkContext spark;
  private final HadoopFileStore store;
  private final TokenizeConfig config;
  private final List<String> names;

  OutputSets(JavaSparkContext spark, TokenizeConfig config) {
    this.spark = spark;
    this.store = new HadoopFileStore(spark.hadoopConfiguration());
    this.config = config;
    this.names = new ContentSplit(config.split()).names();
  }

  /** Each set by its name, in the order of the names. */
  Map<String, TokenizeOutcome> run() throws IOException {
    String folder = config.requireOutput();
    OutputPath.require(store, folder, "tokenize.output");
    requireFree(folder);
    String shared = FileStore.join(folder, ShardManifest.FOLDER);
    List<String> smallFirst = new ArrayList<>(names);
    Collections.reverse(smallFirst); // an empty one shows before the large one is made
    Map<String, TokenizeOutcome> made = new HashMap<>();
    for (String name : smallFirst) {
      TokenizeConfig ofSet = config.withOutput(FileStore.join(folder, name));
      made.put(name, new TokenizePipeline(spark, ofSet, new OutputSet(name, shared)).run());
    }
    publish(FileStore.join(folder, DICT));
    store.delete(shared);
    Map<String, TokenizeOutcome> outcomes = new LinkedHashMap<>();
    names.forEach(name -> outcomes.put(name, made.get(name)));
    return outcomes;
  }

  private void publish(String path) throws IOException {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ArrayNode splits = root.putArray("splits");
    names.forEach(splits::add);
    byte[] json = (root + "\n").getBytes(StandardCharsets.UTF_8);
    store.writeBytes(path, json);
  }

  /** Nothing that is not ours is touched, and no reader is left with a mixture. */
  private void requireFree(String folder) throws IOException {
    if (store.exists(FileStore.join(folder, ShardManifest.PATH))) {
      throw refused("holds shards that were made without tokenize.split");
    }
    for (FileEntry entry : store.list(folder)) {
      if (!OWN.contains(entry.name()) && !OutputFolder.isNeutral(entry)) {
        throw refused("holds " + entry.name() + ", which no tokenize job made");
      }
      boolean set = OWN.contains(entry.name()) && entry.folder();
      if (set && !entry.name().equals(ShardManifest.FOLDER) && !names.contains(entry.name())) {
        throw refused("holds " + entry.name() + ", of another tokenize.split");
      }
    }
  }

  private ConfigException refused(String reason) {
    return new ConfigException(
        "Invalid tokenize.output: " + config.output() + " " + reason + " (choose another folder)");
  }
}
