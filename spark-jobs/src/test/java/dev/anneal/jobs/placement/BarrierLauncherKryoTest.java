package dev.anneal.jobs.placement;

import org.apache.spark.SparkConf;

/** The same where the cluster's spark-defaults set Kryo, which knows none of our classes. */
class BarrierLauncherKryoTest extends BarrierLauncherTest {
  @Override
  SparkConf sparkDefaults() {
    return new SparkConf()
        .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
        .set("spark.kryo.registrationRequired", "true");
  }
}
