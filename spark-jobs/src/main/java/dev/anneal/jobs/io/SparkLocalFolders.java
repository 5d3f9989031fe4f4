package dev.anneal.jobs.io;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/**
 * The folders that a host gives to Spark for its data, alike for every process of the host: those
 * of the YARN container, else SPARK_LOCAL_DIRS, else those that a standalone worker made its own
 * in, else spark.local.dir, else Java's temporary folder. Stateless.
 */
final class SparkLocalFolders {
  private SparkLocalFolders() {}

  /** Of this process; at least one. */
  static List<Path> ofProcess() {
    SparkConf conf = SparkEnv.get() == null ? new SparkConf() : SparkEnv.get().conf();
    return of(
        System.getenv(), conf.get("spark.local.dir", ""), System.getProperty("java.io.tmpdir"));
  }

  static List<Path> of(Map<String, String> environment, String sparkLocalDir, String temporary) {
    boolean yarn = environment.containsKey("CONTAINER_ID");
    return Stream.of(
            yarn ? split(environment.get("LOCAL_DIRS")) : List.<Path>of(),
            split(environment.get("SPARK_LOCAL_DIRS")),
            standalone(environment.get("SPARK_EXECUTOR_DIRS")),
            split(sparkLocalDir))
        .filter(folders -> !folders.isEmpty())
        .findFirst()
        .orElseGet(() -> List.of(Path.of(temporary).toAbsolutePath()));
  }

  /**
   * A worker gives its executors ROOT/spark-ID/executor-ID. Another worker of the host has folders
   * of its own below the same root, which is where both find each other.
   */
  private static List<Path> standalone(String executorDirs) {
    return split(executorDirs).stream()
        .map(folder -> Optional.ofNullable(folder.getParent()).map(Path::getParent))
        .flatMap(Optional::stream)
        .filter(Files::isWritable)
        .distinct()
        .toList();
  }

  private static List<Path> split(String folders) {
    return folders == null
        ? List.of()
        : Stream.of(folders.split(","))
            .map(String::strip)
            .filter(folder -> !folder.isEmpty())
            .map(folder -> Path.of(folder).toAbsolutePath().normalize())
            .distinct()
            .toList();
  }
}
