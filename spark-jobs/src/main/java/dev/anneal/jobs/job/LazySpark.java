package dev.anneal.jobs.job;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.jobs.placement.Preflight;
import java.util.Optional;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.slf4j.LoggerFactory;

/** Starts Spark when it is first asked for and stops it if it was. Not thread-safe. */
public final class LazySpark implements AutoCloseable {
  private static final String MASTER = "spark.master";
  private static final String OURS = "dev.anneal";
  private static final String FAILURES = "executor.failuresValidityInterval";

  private final SparkJob job;
  private final DistributedConfig config;
  private SparkSession session;

  public LazySpark(SparkJob job, DistributedConfig config) {
    this.job = job;
    this.config = config;
  }

  SparkSession session() {
    if (session == null) {
      SparkConf conf = new SparkConf();
      int worldSize = job.placesRanks() ? config.worldSize() : 1;
      configure(conf, job.name(), worldSize, Runtime.getRuntime().availableProcessors());
      if (job.refusesPlacement()) {
        new Preflight(config).check(conf);
      }
      session = SparkSession.builder().config(conf).getOrCreate();
      quiet(session);
    }
    return session;
  }

  /** Spark tells only what is wrong; what we tell stays as it was. */
  private static void quiet(SparkSession session) {
    boolean toldStory = LoggerFactory.getLogger(OURS).isInfoEnabled();
    session.sparkContext().setLogLevel("WARN");
    if (toldStory && !LoggerFactory.getLogger(OURS).isInfoEnabled()) {
      Configurator.setLevel(OURS, Level.INFO);
    }
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
    // Else the losses of executors on YARN and Kubernetes add up over the whole run, and end it.
    if (!conf.contains("spark.yarn." + FAILURES)) {
      conf.setIfMissing("spark." + FAILURES, "1h");
    }
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
