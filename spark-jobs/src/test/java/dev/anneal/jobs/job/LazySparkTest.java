package dev.anneal.jobs.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.train.TrainJob;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LazySparkTest {
  @Test
  void withoutAMasterThereAreSlotsForCoresAndRanks() {
    SparkConf conf = new SparkConf(false);
    LazySpark.configure(conf, "train", 4, 2);
    assertThat(conf.get("spark.master")).isEqualTo("local[4]");
    SparkConf few = new SparkConf(false).set("spark.master", "local[*]");
    LazySpark.configure(few, "train", 1, 8);
    assertThat(few.get("spark.master")).isEqualTo("local[8]");
  }

  @Test
  void whatTheUserSaidStays() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.master", "spark://h:7077")
            .set("spark.locality.wait", "3s")
            .set("spark.app.name", "mine");
    LazySpark.configure(conf, "train", 4, 2);
    assertThat(conf.get("spark.master")).isEqualTo("spark://h:7077");
    assertThat(conf.get("spark.locality.wait")).isEqualTo("3s");
    assertThat(conf.get("spark.app.name")).isEqualTo("mine");
    assertThat(conf.contains("spark.driver.host")).isFalse();
  }

  @Test
  void lossesOfExecutorsAreForgottenInTime() {
    String key = "spark.executor.failuresValidityInterval";
    SparkConf conf = new SparkConf(false);
    LazySpark.configure(conf, "train", 1, 1);
    assertThat(conf.get(key)).isEqualTo("1h");
    SparkConf older =
        new SparkConf(false).set("spark.yarn.executor.failuresValidityInterval", "9h");
    LazySpark.configure(older, "train", 1, 1);
    assertThat(older.getTimeAsSeconds(key, "0s")).isEqualTo(9 * 3600);
  }

  @Test
  void sparkFallsSilentAndTheStoryOfTheJobDoesNot() {
    Level root = LogManager.getRootLogger().getLevel();
    Configurator.setRootLevel(Level.INFO);
    try (LazySpark spark = new LazySpark(new TrainJob(), AnnealConfig.of().distributed())) {
      spark.session();
      assertThat(LoggerFactory.getLogger("org.apache.spark.scheduler").isInfoEnabled()).isFalse();
      assertThat(LoggerFactory.getLogger("dev.anneal.jobs.train").isInfoEnabled()).isTrue();
    } finally {
      Configurator.setLevel("dev.anneal", (Level) null);
      Configurator.setRootLevel(root);
    }
  }
}
