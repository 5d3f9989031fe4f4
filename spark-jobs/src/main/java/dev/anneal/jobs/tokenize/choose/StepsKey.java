package dev.anneal.jobs.tokenize.choose;

import dev.anneal.core.io.Sha256;
import dev.anneal.data.config.DecontaminateConfig;
import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.config.MixingConfig;
import dev.anneal.data.config.ShuffleConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.output.OutputSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The options of the steps before tokenizing as the manifest names them; none for steps that are
 * off, so that they do not disown older shards. Stateless.
 */
public final class StepsKey {
  private StepsKey() {}

  public static Map<String, String> of(
      TokenizeConfig config, OutputSet set, JavaSparkContext spark, HadoopFileStore store)
      throws IOException {
    FilterConfig filters = config.filters();
    FilterConfig off = FilterConfig.OFF;
    Map<String, String> options = new TreeMap<>();
    put(options, "filters.length", filters.length(), off.length());
    put(options, "filters.script", filters.script(), off.script());
    put(options, "filters.characters", filters.characters(), off.characters());
    put(options, "filters.gopher_quality", filters.gopherQuality(), off.gopherQuality());
    put(options, "filters.gopher_repetition", filters.gopherRepetition(), off.gopherRepetition());
    put(options, "filters.c4", filters.c4(), off.c4());
    put(options, "filters.lines", filters.lines(), off.lines());
    put(options, "dedup", config.dedup(), DedupConfig.OFF);
    put(options, "mixing", config.mixing(), MixingConfig.OFF);
    put(options, "shuffle", config.shuffle(), ShuffleConfig.OFF);
    if (!config.decontaminate().paths().isEmpty()) {
      put(options, "decontaminate", config.decontaminate(), DecontaminateConfig.OFF);
      String files = DecontaminationSets.list(config.decontaminate(), spark, store).key();
      options.put(
          "decontaminate.files",
          Sha256.of(files.getBytes(StandardCharsets.UTF_8)).substring(0, 16));
    }
    if (!set.name().isEmpty()) {
      options.put("split", set.name() + " of " + settings(config.split()));
    }
    return options;
  }

  private static void put(
      Map<String, String> options, String key, Record settings, Record defaults) {
    if (!settings.equals(defaults)) {
      options.put(key, settings(settings));
    }
  }

  /** A record's components without its name. */
  private static String settings(Record record) {
    String text = record.toString();
    return text.substring(text.indexOf('['));
  }
}
