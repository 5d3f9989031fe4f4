package dev.anneal.jobs.train;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.net.ListeningSocket;
import org.apache.spark.SparkConf;

/**
 * Where the driver listens for its ranks: beside Spark's own driver, unless a setting says more.
 */
final class ControlSocket {
  private ControlSocket() {}

  /**
   * @throws dev.anneal.core.config.ConfigException naming the settings, when nothing can be bound
   */
  static ListeningSocket open(DistributedConfig config, SparkConf conf) {
    String host = bare(conf.get("spark.driver.host"));
    String bindAddress =
        config.controlBindAddress().isBlank()
            ? bare(conf.get("spark.driver.bindAddress", host))
            : config.controlBindAddress();
    return ListeningSocket.openAs(
        host,
        bindAddress,
        config.controlPort(),
        "set distributed.control_port to a free port or a range, distributed.control_bind_address"
            + " to an address of this host");
  }

  /** Spark writes the addresses of IPv6 in brackets. */
  private static String bare(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }
}
