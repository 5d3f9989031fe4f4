package dev.anneal.jobs.corpus;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * The inputs of a run with their files, in order. Immutable.
 *
 * @param files of each input; none for a query that is not written yet
 * @param queries by the index of their input
 */
public record Corpus(
    List<InputConfig> inputs, List<List<CorpusFile>> files, Map<Integer, QueryRows> queries) {

  /** Lists every input; {@link ConfigException} names one that is missing or empty. */
  public static Corpus list(TokenizeConfig config, JavaSparkContext spark) throws IOException {
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
  public Corpus withQueryFiles(HadoopFileStore store, String folder) throws IOException {
    List<List<CorpusFile>> written = new ArrayList<>(files);
    for (Map.Entry<Integer, QueryRows> query : queries.entrySet()) {
      int index = query.getKey();
      written.set(index, new QueryFolder(store, folder, index).files(query.getValue()));
    }
    return new Corpus(inputs, written, queries);
  }

  /** The same corpus with other weights of its inputs. */
  public Corpus withWeights(double[] weights) {
    List<InputConfig> weighted = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      weighted.add(inputs.get(i).withWeight(weights[i]));
    }
    return new Corpus(weighted, files, queries);
  }

  public List<CorpusSplit> splits() {
    return SplitPlanner.plan(inputs, files);
  }
}
