package dev.anneal.jobs;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.jobs.placement.Preflight;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Starts Spark when it is first asked for and stops it if it was. Not thread-safe. */
final class LazySpark implements AutoCloseable {
  private static final String MASTER = "spark.master";

  private final SparkJob job;
  private final DistributedConfig config;
  private SparkSession session;

  LazySpark(SparkJob job, DistributedConfig config) {
    this.job = job;
    this.config = config;
  }

  SparkSession session() {
    if (session == null) {
      SparkConf conf = new SparkConf();
      int worldSize = job.placesRanks() ? config.worldSize() : 1;
      configure(conf, job.name(), worldSize, Runtime.getRuntime().availableProcessors());
      if (job.placesRanks()) {
        new Preflight(config).check(conf);
      }
      session = SparkSession.builder().config(conf).getOrCreate();
      session.sparkContext().setLogLevel("WARN");
    }
    return session;
  }

  /** The running session, if any job asked for it. */
  Optional<SparkSession> started() {
    return Optional.ofNullable(session);
  }

  /** Our defaults for what spark-submit left open. */
  static void configure(SparkConf conf, String jobName, int worldSize, int cores) {
    // spark-submit without --master sets local[*]: enough slots for the cores, and for the ranks.
    if (conf.get(MASTER, "local[*]").equals("local[*]")) {
      conf.set(MASTER, "local[" + Math.max(cores, worldSize) + "]");
      conf.setIfMissing("spark.ui.enabled", "false");
      conf.setIfMissing("spark.driver.host", "localhost");
      conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
    }
    conf.setIfMissing("spark.app.name", "anneal " + jobName);
    conf.setIfMissing("spark.ui.showConsoleProgress", "false");
    // Java reads file names by the locale of its process, which many clusters leave unset.
    conf.setIfMissing("spark.executorEnv.LC_ALL", "C.UTF-8");
    // A barrier stage offers all its tasks at once or none: locality would only delay it.
    conf.setIfMissing("spark.locality.wait", "0s");
    // A killed rank may sit in native code; the reaper ends its process in the end.
    conf.setIfMissing("spark.task.reaper.enabled", "true");
    conf.setIfMissing("spark.task.reaper.killTimeout", "60s");
  }

  @Override
  public void close() {
    if (session != null) {
      session.stop();
    }
  }
}
