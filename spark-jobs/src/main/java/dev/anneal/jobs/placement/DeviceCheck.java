package dev.anneal.jobs.placement;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkContext;

/** Whether ranks can compute where the settings want them to. Stateless. */
public final class DeviceCheck {
  /** The training library computes on CPUs alone so far; ranks can be placed on cards already. */
  private static final String NOT_BUILT =
      "Cannot train on CUDA: this version trains on CPUs alone (set distributed.device = cpu)";

  private DeviceCheck() {}

  /**
   * Refuses cards that cannot be used, with every reason at once. Costs nothing where the ranks
   * compute on CPUs, else a short Spark job.
   */
  public static void require(SparkContext spark, DistributedConfig config, NativeFolder natives) {
    DevicePlan devices = DevicePlan.of(config, spark.getConf());
    if (!devices.cuda()) {
      return;
    }
    List<String> problems = new ArrayList<>(new Preflight(config).problems(spark.getConf()));
    if (problems.isEmpty()) {
      problems.addAll(ExecutorSurvey.of(spark, config, devices, natives).problems());
    }
    problems.addAll(unsupported(devices));
    if (!problems.isEmpty()) {
      throw new ConfigException(String.join("\n", problems));
    }
  }

  /** What this version cannot do with the cards, whatever they are. */
  public static List<String> unsupported(DevicePlan devices) {
    return devices.cuda() ? List.of(NOT_BUILT) : List.of();
  }
}
