package dev.anneal.jobs.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** As Spark's own Utils.getConfiguredLocalDirs, but for the folder that workers have together. */
class SparkLocalFoldersTest {
  @TempDir Path temp;

  @Test
  void theFirstThatIsSetGivesTheFolders() {
    assertThat(SparkLocalFolders.of(Map.of(), "", "/tmp")).isEqualTo(paths("/tmp"));
    assertThat(SparkLocalFolders.of(Map.of(), "/a, /b,/a", "/tmp")).isEqualTo(paths("/a", "/b"));
    Map<String, String> local = Map.of("SPARK_LOCAL_DIRS", "/c");
    assertThat(SparkLocalFolders.of(local, "/a", "/tmp")).isEqualTo(paths("/c"));
    assertThat(SparkLocalFolders.of(Map.of("LOCAL_DIRS", "/d"), "", "/tmp"))
        .as("outside a container")
        .isEqualTo(paths("/tmp"));
    Map<String, String> yarn =
        Map.of("CONTAINER_ID", "container_1", "LOCAL_DIRS", "/d,/e", "SPARK_LOCAL_DIRS", "/c");
    assertThat(SparkLocalFolders.of(yarn, "/a", "/tmp")).isEqualTo(paths("/d", "/e"));
  }

  @Test
  void workersOfAHostMeetInTheFolderAboveTheirs() {
    String first = temp + "/spark-1/executor-1";
    String second = temp + "/spark-2/executor-2";
    assertThat(SparkLocalFolders.of(Map.of("SPARK_EXECUTOR_DIRS", first), "", "/tmp"))
        .isEqualTo(SparkLocalFolders.of(Map.of("SPARK_EXECUTOR_DIRS", second), "", "/tmp"))
        .containsExactly(temp);
  }

  private static List<Path> paths(String... paths) {
    return List.of(paths).stream().map(Path::of).toList();
  }
}
