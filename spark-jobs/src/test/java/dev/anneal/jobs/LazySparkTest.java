package dev.anneal.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

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
}
