package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.ShardManifest;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that fail once are tried again by Spark and leave neither traces nor other bytes. */
class TokenizeRetryTest {
  @TempDir Path temp;

  /** Every file fails when it is opened for the first time. */
  public static final class Flaky extends RawLocalFileSystem {
    private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();

    @Override
    public String getScheme() {
      return "flaky";
    }

    @Override
    public URI getUri() {
      return URI.create("flaky:///");
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      FileStatus[] listed = super.listStatus(path);
      Arrays.setAll(listed, i -> plain(listed[i]));
      return listed;
    }

    @Override
    public FileStatus getFileStatus(org.apache.hadoop.fs.Path path) throws IOException {
      return plain(super.getFileStatus(path));
    }

    /** Without the lazy permissions, which only paths of the scheme "file" have. */
    private static FileStatus plain(FileStatus status) {
      return new FileStatus(
          status.getLen(),
          status.isDirectory(),
          1,
          status.getBlockSize(),
          status.getModificationTime(),
          status.getPath());
    }

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path path, int bufferBytes)
        throws IOException {
      boolean ofDriver = path.toString().matches(".*(tokenizer|run\\.lock).*");
      if (SEEN.add(path.toString()) && !ofDriver) {
        throw new IOException("connection reset");
      }
      return super.open(path, bufferBytes);
    }
  }

  @Test
  void leavesNothingOfFailedAttempts() throws IOException {
    Path corpus = Files.createDirectories(temp.resolve("corpus"));
    for (int i = 0; i < 3; i++) {
      String row = "{\"text\": \"document 文本 " + i + "\"}";
      Files.writeString(corpus.resolve(i + ".jsonl"), "\n".repeat(3 << 20) + row);
    }
    JavaSparkContext spark = LocalSparkTest.start("local[2,8]");
    try {
      spark.hadoopConfiguration().set("fs.flaky.impl", Flaky.class.getName());
      TestCorpus plain = new TestCorpus(temp.resolve("plain")).input(corpus);
      ShardManifest expected = new TokenizePipeline(spark, plain.config()).run().manifest();
      TestCorpus flaky = new TestCorpus(Path.of("flaky:" + temp.resolve("out")));
      flaky.input(Path.of("flaky:" + corpus));
      ShardManifest made = new TokenizePipeline(spark, flaky.config()).run().manifest();
      assertThat(made.shards()).isEqualTo(expected.shards());
    } finally {
      spark.stop();
    }
    assertThat(files("out")).isEqualTo(files("plain")).hasSizeGreaterThan(4);
  }

  private Set<String> files(String folder) throws IOException {
    Path root = temp.resolve(folder);
    try (Stream<Path> walk = Files.walk(root)) {
      return walk.filter(Files::isRegularFile)
          .map(path -> root.relativize(path).toString())
          .collect(Collectors.toSet());
    }
  }
}
