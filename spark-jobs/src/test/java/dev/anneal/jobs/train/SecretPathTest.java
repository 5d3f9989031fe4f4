package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.evaluate.EvaluateJob;
import dev.anneal.jobs.export.ExportJob;
import dev.anneal.jobs.generate.TinyModel;
import dev.anneal.jobs.inspect.InspectJob;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.tokenize.TokenizeJob;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every path holds a secret, and no file and no line that a job writes does. */
class SecretPathTest {
  private static final String KEY = "spark.hadoop.fs.oss.impl";
  private static final String SECRET = "Geheim7Schluessel";
  private static final String STORE = "oss://AKIA:" + SECRET + "@bucket";

  @TempDir Path temp;

  /** A store whose addresses hold who asks, kept in local folders. */
  public static final class Keyed extends RawLocalFileSystem {
    private URI uri; // asked for by the constructor above, before it is known

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
      uri = URI.create(name.getScheme() + "://" + name.getRawAuthority());
      super.initialize(name, conf);
    }

    @Override
    public String getScheme() {
      return "oss";
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path folder) throws IOException {
      return Stream.of(super.listStatus(folder)).map(Keyed::plain).toArray(FileStatus[]::new);
    }

    /** A local one asks a process for permissions, by an address that must be a local one. */
    private static FileStatus plain(FileStatus local) {
      return new FileStatus(
          local.getLen(),
          local.isDirectory(),
          1,
          local.getBlockSize(),
          local.getModificationTime(),
          local.getPath());
    }

    @Override
    public URI getUri() {
      return uri == null ? URI.create("oss:///") : uri;
    }
  }

  @BeforeEach
  void mountTheStore() {
    System.setProperty(KEY, Keyed.class.getName());
  }

  @AfterEach
  void forgetTheStore() {
    System.clearProperty(KEY);
  }

  private String there(String name) {
    return STORE + temp + "/" + name;
  }

  private static JobLine run(int code, SparkJob job, String... settings) {
    JobLine line = JobLine.run(job, settings);
    assertThat(line.code()).as(line.err()).isEqualTo(code);
    assertThat(line.out() + line.err()).doesNotContain(SECRET);
    return line;
  }

  /** The files that hold the secret, whatever their kind. */
  private List<Path> leaks() throws IOException {
    List<Path> leaks = new ArrayList<>();
    try (Stream<Path> files = Files.walk(temp)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(SECRET)) {
          leaks.add(temp.relativize(file));
        }
      }
    }
    return leaks;
  }

  private String[] tokenize(String... more) {
    return Stream.concat(
            Stream.of(
                "tokenize.tokenizer=" + there("model"),
                "tokenize.inputs=[{path=\"" + there("corpus") + "\"}]",
                "tokenize.dedup.exact=true",
                "tokenize.max_bad_ratio=0.5",
                "tokenize.block_size=24",
                "tokenize.output=" + there("shards")),
            Stream.of(more))
        .toArray(String[]::new);
  }

  private String[] train(String... more) {
    return Stream.concat(
            Stream.of(
                "model.path=" + there("model"),
                "data.train=[\"" + there("shards") + "\"]",
                "data.eval=[\"" + there("shards") + "\", \"" + there("other/shards") + "\"]",
                "adapter.peft_type=LORA",
                "train.output_dir=" + there("run"),
                "train.max_steps=2",
                "train.save_steps=1",
                "train.per_device_train_batch_size=2"),
            Stream.of(more))
        .toArray(String[]::new);
  }

  @Test
  void noFileAndNoLineHoldsIt() throws IOException {
    TinyModel.write(temp.resolve("model"), TinyModel.Head.TIED);
    Files.createDirectories(temp.resolve("corpus"));
    List<String> rows = new ArrayList<>(List.of("{\"text\": 7}"));
    for (int i = 0; i < 12; i++) {
      rows.add("{\"text\": \"The lamp of house " + i / 2 + " is red.\"}");
    }
    Files.write(temp.resolve("corpus/a.jsonl"), rows);

    run(0, new TokenizeJob(), tokenize());
    assertThat(leaks()).isEmpty();
    assertThat(temp.resolve("shards/_anneal/manifest.json"))
        .content()
        .contains("oss://(redacted)@bucket" + temp + "/corpus");
    assertThat(temp.resolve("shards/_anneal/quarantine/input-0.jsonl"))
        .content()
        .contains("oss://(redacted)@bucket" + temp + "/corpus/a.jsonl\",\"line\":1,");
    assertThat(temp.resolve("shards/_anneal/dropped.jsonl")).content().contains("(redacted)@");
    assertThat(run(0, new TokenizeJob(), tokenize()).out()).contains("up to date");
    run(2, new TokenizeJob(), tokenize("tokenize.block_size=25"));

    run(0, new TokenizeJob(), tokenize("tokenize.output=" + there("other/shards")));
    run(0, new TrainJob(), train());
    assertThat(leaks()).isEmpty();
    assertThat(temp.resolve("run/eval.jsonl")).content().contains("(redacted)@");
    JobLine again = run(0, new TrainJob(), train("train.resume_from_checkpoint=true"));
    assertThat(again.out()).contains("finished at step 2 already");
    run(2, new TrainJob(), train());

    Files.writeString(
        temp.resolve("questions.jsonl"), "{\"question\": \"lamp\", \"answer\": \"red\"}\n");
    String model = "model.path=" + there("model");
    String adapter = "adapter.path=" + there("run/adapter");
    run(
        0,
        new EvaluateJob(),
        model,
        adapter,
        "data.eval=" + there("shards"),
        "evaluate.questions=[\"" + there("questions.jsonl") + "\"]",
        "evaluate.max_new_tokens=2",
        "evaluate.output_dir=" + there("scores"));
    run(0, new ExportJob(), model, adapter, "export.output=" + there("merged"));
    run(0, new InspectJob(), "inspect.path=" + there("shards"));
    run(0, new InspectJob(), "inspect.path=" + there("run"));
    run(2, new EvaluateJob(), "model.path=" + there("absent"), "data.eval=" + there("shards"));
    assertThat(leaks()).isEmpty();
  }
}
