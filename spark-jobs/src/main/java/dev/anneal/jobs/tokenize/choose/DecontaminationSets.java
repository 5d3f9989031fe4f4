package dev.anneal.jobs.tokenize.choose;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.Redaction;
import dev.anneal.data.config.DecontaminateConfig;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.dedup.EvaluationGrams;
import dev.anneal.data.read.DocumentText;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.corpus.CorpusFile;
import dev.anneal.jobs.corpus.CorpusListing;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.SliceRows;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.prepare.EvaluationSets;
import dev.anneal.jobs.read.RowColumns;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The evaluation sets of {@code tokenize.decontaminate}, read on the driver. Every text in a row
 * counts, however deep, each for itself. Immutable.
 *
 * @param files of each set
 */
record DecontaminationSets(
    DecontaminateConfig config, List<List<CorpusFile>> files, HadoopFileStore store) {
  private static final Logger LOG = LoggerFactory.getLogger(DecontaminationSets.class);
  private static final String KEY = "tokenize.decontaminate.paths";

  static DecontaminationSets list(
      DecontaminateConfig config, JavaSparkContext spark, HadoopFileStore store)
      throws IOException {
    List<List<CorpusFile>> files = new ArrayList<>();
    for (int i = 0; i < config.paths().size(); i++) {
      CorpusListing listing = new CorpusListing(spark.hadoopConfiguration(), KEY + "[%d]");
      files.add(listing.list(i, input(config.paths().get(i))));
    }
    return new DecontaminationSets(config, files, store);
  }

  private static InputConfig input(String path) {
    return new InputConfig(
        path, "", "", InputConfig.Format.AUTO, InputConfig.DatasetFormat.AUTO, 1, Map.of());
  }

  /** What the sets are: equal keys give equal decisions. */
  String key() {
    return config.ngram() + " " + files;
  }

  EvaluationSets read() throws IOException {
    List<EvaluationGrams.Collector> collectors = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      EvaluationGrams.Collector collector = new EvaluationGrams.Collector(config.ngram());
      for (CorpusFile file : files.get(i)) {
        read(file, collector);
      }
      if (collector.size() == 0) {
        throw new ConfigException(
            "Invalid %s[%d]: %s (no text in it has %d words, as tokenize.decontaminate.ngram asks)"
                .formatted(KEY, i, config.paths().get(i), config.ngram()));
      }
      LOG.info(
          "evaluation_set={} texts={} too_short={} ngrams={}",
          Redaction.text(config.paths().get(i)),
          collector.texts(),
          collector.shortTexts(),
          collector.size());
      collectors.add(collector);
    }
    return new EvaluationSets(config.paths(), EvaluationGrams.of(config.ngram(), collectors));
  }

  private void read(CorpusFile file, EvaluationGrams.Collector collector) throws IOException {
    FileSlice whole = new FileSlice(file, 0, 1, 0, Long.MAX_VALUE);
    try (SliceRows rows = SliceRows.open(store, whole, RowColumns.ALL)) {
      Optional<SourceRow> row = rows.next();
      while (row.isPresent()) {
        add(file, row.get(), collector);
        row = rows.next();
      }
    }
  }

  private static void add(CorpusFile file, SourceRow row, EvaluationGrams.Collector collector) {
    boolean plain =
        file.format() == InputConfig.Format.TEXT || file.format() == InputConfig.Format.LINES;
    String where = file.display() + " line " + row.number() + ": ";
    if (!row.fault().isEmpty()) {
      throw new ConfigException("Cannot read " + where + row.fault());
    }
    byte[] content = row.content();
    if (!plain && new String(content, StandardCharsets.UTF_8).isBlank()) {
      return;
    }
    try {
      if (plain) {
        collector.add(DocumentText.ofUtf8(content));
      } else {
        addTexts(JsonRows.object(content), collector);
      }
    } catch (IllegalArgumentException e) {
      throw new ConfigException("Cannot read " + where + e.getMessage(), e);
    }
  }

  private static void addTexts(JsonNode node, EvaluationGrams.Collector collector) {
    if (node.isTextual()) {
      collector.add(node.textValue());
    } else {
      node.forEach(child -> addTexts(child, collector));
    }
  }
}
