package dev.anneal.jobs.tokenize;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A Spark of two slots for the tests of a class, with the serializer that many clusters set. */
abstract class LocalSparkTest {
  private static JavaSparkContext spark;

  @BeforeAll
  static void startSpark() {
    spark = start("local[2]");
  }

  static JavaSparkContext start(String master) {
    SparkConf conf =
        new SparkConf()
            .setMaster(master)
            .setAppName("tokenize tests")
            .set("spark.ui.enabled", "false")
            .set("spark.sql.shuffle.partitions", "2")
            .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
            .set("spark.driver.host", "localhost")
            .set("spark.driver.bindAddress", "127.0.0.1");
    JavaSparkContext started = new JavaSparkContext(conf);
    started.setLogLevel("ERROR");
    return started;
  }

  @AfterAll
  static void stopSpark() {
    spark.stop();
  }

  static JavaSparkContext spark() {
    return spark;
  }
}
