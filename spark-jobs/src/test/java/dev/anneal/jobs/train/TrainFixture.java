package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.generate.TinyModel;
import dev.anneal.jobs.tokenize.TokenizeJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A small model and shards for it, and runs of the train job over them. */
final class TrainFixture {
  final Path folder;
  final Path model;
  final Path shards;

  /** Writes model and shards, in a folder whose name is not easy. */
  TrainFixture(Path temporary) throws IOException {
    folder = temporary.resolve("my data 数据");
    model = folder.resolve("a model");
    shards = folder.resolve("some shards");
    TinyModel.write(model, TinyModel.Head.TIED);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      rows.add("{\"text\": \"The lamp of house " + i + " is red. 第" + i + "间屋的灯是红的。\"}");
    }
    tokenize(model, rows, shards);
  }

  /** Shards of texts, made with a folder's tokenizer. */
  void tokenize(Path tokenizer, List<String> rows, Path output) throws IOException {
    Path corpus = Files.write(folder.resolve(output.getFileName() + ".jsonl"), rows);
    JobLine line =
        JobLine.run(
            new TokenizeJob(),
            "tokenize.tokenizer=" + tokenizer,
            "tokenize.inputs=[{path=\"" + corpus + "\"}]",
            "tokenize.block_size=24",
            "tokenize.output=" + output);
    assertThat(line.code()).as(line.err()).isZero();
  }

  /** Runs the job; later settings win over the small ones. */
  JobLine train(Path output, String... settings) {
    return JobLine.run(new TrainJob(), settings(output, settings).toArray(String[]::new));
  }

  /** Small settings of a run, over which others win. */
  List<String> settings(Path output, String... settings) {
    Map<String, String> all = new LinkedHashMap<>();
    List<String> defaults =
        List.of(
            "model.path=" + model,
            "data.train=" + shards,
            "train.output_dir=" + output,
            "train.max_steps=4",
            "train.save_steps=2",
            "train.per_device_train_batch_size=2",
            "train.learning_rate=0.001",
            "distributed.threads_per_rank=1");
    Stream.concat(defaults.stream(), Stream.of(settings))
        .forEach(setting -> all.put(setting.substring(0, setting.indexOf('=')), setting));
    return new ArrayList<>(all.values());
  }

  /** A copy of a folder, to break. */
  Path copy(Path source, String name) throws IOException {
    Path target = folder.resolve(name);
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, target.resolve(source.relativize(file).toString()));
      }
    }
    return target;
  }

  /** Every file below a folder with its bytes, but for the result of the last command. */
  static Map<String, List<Byte>> content(Path root) throws IOException {
    Map<String, List<Byte>> content = new LinkedHashMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        if (!file.getFileName().toString().equals("result.json")) {
          List<Byte> bytes = new ArrayList<>();
          for (byte b : Files.readAllBytes(file)) {
            bytes.add(b);
          }
          content.put(root.relativize(file).toString(), bytes);
        }
      }
    }
    return content;
  }

  static JsonNode result(Path output) throws IOException {
    return new ObjectMapper().readTree(output.resolve("result.json").toFile());
  }

  /** Step and loss of every line of metrics.jsonl. */
  static List<String> losses(Path output) throws IOException {
    List<String> losses = new ArrayList<>();
    for (String line : Files.readAllLines(output.resolve("metrics.jsonl"))) {
      JsonNode json = new ObjectMapper().readTree(line);
      losses.add(json.get("step") + " " + json.get("loss") + " " + json.get("grad_norm"));
    }
    return losses;
  }
}
