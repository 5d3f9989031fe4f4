package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.config.TokenizeConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
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

  /** Tasks fail at random, wherever they open, create or read a file; the driver never does. */
  public static final class Unlucky extends RawLocalFileSystem {
    private static final Random RANDOM = new Random(20);

    @Override
    public String getScheme() {
      return "unlucky";
    }

    @Override
    public URI getUri() {
      return URI.create("unlucky:///");
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      FileStatus[] listed = super.listStatus(path);
      Arrays.setAll(listed, i -> Flaky.plain(listed[i]));
      return listed;
    }

    @Override
    public FileStatus getFileStatus(org.apache.hadoop.fs.Path path) throws IOException {
      return Flaky.plain(super.getFileStatus(path));
    }

    static void tempt() throws IOException {
      boolean task = Thread.currentThread().getName().startsWith("Executor task launch");
      synchronized (RANDOM) {
        if (task && RANDOM.nextInt(12) == 0) {
          throw new IOException("lost connection");
        }
      }
    }

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path path, int bufferBytes)
        throws IOException {
      tempt();
      return super.open(path, bufferBytes);
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path path,
        boolean overwrite,
        int bufferBytes,
        short replication,
        long blockBytes,
        Progressable progress)
        throws IOException {
      tempt();
      return new FSDataOutputStream(
          super.create(path, overwrite, bufferBytes, replication, blockBytes, progress), null) {
        @Override
        public void close() throws IOException {
          try {
            tempt();
          } finally {
            super.close();
          }
        }
      };
    }
  }

  @Test
  void writesTheSameBytesHoweverOftenTasksFail() throws IOException {
    Path corpus = Files.createDirectories(temp.resolve("corpus"));
    for (int i = 0; i < 6; i++) {
      String row = "{\"text\": \"document 文本 " + i + " with some more words in it\"}\n";
      Files.writeString(corpus.resolve(i + ".jsonl"), row.repeat(9) + "\n".repeat(3 << 20));
    }
    List<ShardManifest> made = new ArrayList<>();
    Set<Set<String>> left = new HashSet<>();
    for (int slots : new int[] {1, 2, 5}) {
      JavaSparkContext spark = LocalSparkTest.start("local[" + slots + ",50]");
      try {
        spark.hadoopConfiguration().set("fs.unlucky.impl", Unlucky.class.getName());
        TestCorpus settings = new TestCorpus(Path.of("unlucky:" + temp.resolve("out" + slots)));
        settings.blockSize = 64;
        settings.input(Path.of("unlucky:" + corpus));
        made.add(new TokenizePipeline(spark, settings.config()).run().manifest());
        left.add(files("out" + slots));
      } finally {
        spark.stop();
      }
    }
    assertThat(made.get(1)).isEqualTo(made.get(0));
    assertThat(made.get(2)).isEqualTo(made.get(0));
    assertThat(left).hasSize(1);
    assertThat(left.iterator().next()).noneMatch(name -> name.matches(".*(split|staging|tmp).*"));
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
      plain.outputs = List.of(TokenizeConfig.Output.values());
      ShardManifest expected = new TokenizePipeline(spark, plain.config()).run().manifest();
      TestCorpus flaky = new TestCorpus(Path.of("flaky:" + temp.resolve("out")));
      flaky.input(Path.of("flaky:" + corpus));
      flaky.outputs = plain.outputs;
      ShardManifest made = new TokenizePipeline(spark, flaky.config()).run().manifest();
      assertThat(made.files()).isEqualTo(expected.files()).hasSize(9);
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
