package dev.anneal.jobs.train;

import dev.anneal.core.config.DataConfig;
import dev.anneal.core.train.TrainingSetup;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.placement.Preflight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.SparkSession;

/**
 * What model and data hash to, by their bytes: a run that is resumed must find the same. Immutable.
 *
 * @param model {@code from_scratch} where its weights are not read
 * @param data a hash each folder of {@code data.train}
 */
record InputHashes(String model, List<String> data) {
  InputHashes {
    data = List.copyOf(data);
  }

  /**
   * Files of this machine are read here. Where some lie elsewhere and no manifest has their hashes,
   * one Spark task reads them on a host of the ranks, which then has them already.
   */
  static InputHashes of(
      SparkSession spark, TrainingSetup setup, DataConfig data, OpenedInputs inputs, FetchPlan plan)
      throws IOException {
    boolean weightsElsewhere =
        !setup.model().fromScratch()
            && plan.store().localPath(setup.model().requirePath()).isEmpty();
    if (!weightsElsewhere && !inputs.needsBytesOfElsewhere()) {
      return read(setup, inputs);
    }
    // A task without a slot would wait for ever.
    new Preflight(setup.distributed()).check(spark.sparkContext());
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    List<String> hashes =
        context.parallelize(List.of(0), 1).map(new Task(setup, data, plan)).collect().get(0);
    return new InputHashes(hashes.get(0), hashes.subList(1, hashes.size()));
  }

  private static InputHashes read(TrainingSetup setup, OpenedInputs inputs) throws IOException {
    String model = setup.model().fromScratch() ? "from_scratch" : inputs.model().contentHash();
    return new InputHashes(model, inputs.train().contentHashes());
  }

  /** The same on an executor: model first, then data. */
  private record Task(TrainingSetup setup, DataConfig data, FetchPlan plan)
      implements Function<Integer, ArrayList<String>> {
    @Override
    public ArrayList<String> call(Integer part) throws IOException {
      try (OpenedInputs inputs = OpenedInputs.open(setup, data, plan)) {
        InputHashes hashes = read(setup, inputs);
        ArrayList<String> all = new ArrayList<>(List.of(hashes.model()));
        all.addAll(hashes.data());
        return all;
      }
    }
  }
}
