package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.failure.ExitCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What users get wrong, one by one: the message, the exit code, no stack trace. */
class BadInputTest {
  @TempDir static Path temporary;
  private static TrainFixture fixture;

  @BeforeAll
  static void writeModelAndShards() throws IOException {
    fixture = new TrainFixture(temporary);
  }

  private static Path output(String name) {
    return fixture.folder.resolve("run " + name);
  }

  private static void assertRefused(JobLine line, ExitCode code, String... words) {
    assertThat(line.err()).contains(words).doesNotContain("\tat ");
    assertThat(line.code()).as(line.err()).isEqualTo(code.code());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          train.learning_rat=1      | Unknown key: train.learning_rat | did you mean train.learning_rate?
          train.max_steps=many      | Invalid train.max_steps: "many" | must be a whole number
          train.save_steps=-1       | Invalid train.save_steps: -1    | must be >= 0
          train.learning_rate=inf   | Invalid train.learning_rate     | must be a number
          model.path=nowhere        | Cannot read model.path: nowhere | no such folder
          data.train=[nowhere]      | Cannot read data.train: nowhere | no such folder
          data.train=[]             | Missing data.train              | -s data.train=
          adapter.path=nowhere      | Cannot read adapter.path        | no such folder
          adapter.peft_type=LORAX   | Unsupported adapter.peft_type   | supported: NONE, LORA
          distributed.backend=nccl  | Invalid distributed.backend     | use auto or tcp
          """)
  void namesTheKeyOfAWrongSetting(String setting, String fault, String rule) throws IOException {
    Path output = output(setting.replaceAll("\\W+", " ").strip());
    assertRefused(fixture.train(output, setting), ExitCode.CONFIG, fault, rule);
    assertThat(TrainFixture.result(output).get("exit_code").asInt()).isEqualTo(2);
    assertThat(TrainFixture.result(output).get("message").asText()).contains(fault);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "qwen2"        | "gpt2"             | Unsupported model_type: gpt2
          "silu"         | "gelu"             | hidden_act gelu
          "rope_theta":  | "rope_scaling": {"rope_type": "yarn", "factor": 4}, "rope_theta": | Unsupported rope_type: yarn
          "model_type":  | "quantization_config": {"quant_method": "gptq"}, "model_type": | quantization_config
          "vocab_size"   | vocab_size         | not JSON
          """)
  void refusesModelsItDoesNotKnow(String from, String to, String fault) throws IOException {
    Path model = fixture.copy(fixture.model, "model " + fault.replaceAll("\\W+", " ").strip());
    Path config = model.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace(from, to));
    JobLine line = fixture.train(output(fault), "model.path=" + model);
    assertRefused(line, ExitCode.CONFIG, fault, config.toString());
  }

  @Test
  void saysWhatIsWrongWithWeights() throws IOException {
    Path model = fixture.copy(fixture.model, "model weights");
    Path weights = model.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(weights);

    Files.write(weights, Arrays.copyOf(whole, whole.length - 100));
    JobLine cut = fixture.train(output("cut"), "model.path=" + model);
    assertRefused(cut, ExitCode.DATA, weights.toString(), "truncated");

    byte[] absurd = whole.clone();
    absurd[7] = 0x40;
    Files.write(weights, absurd);
    JobLine header = fixture.train(output("header"), "model.path=" + model);
    assertRefused(header, ExitCode.DATA, weights.toString(), "header length 4611686018427");

    Files.delete(weights);
    JobLine none = fixture.train(output("none"), "model.path=" + model);
    assertRefused(none, ExitCode.CONFIG, model.toString(), "no weights");
  }

  @Test
  void refusesShardsThatDoNotFit() throws IOException {
    Path other = fixture.copy(fixture.model, "other model");
    Path tokenizer = other.resolve("tokenizer.json");
    String json = Files.readString(tokenizer);
    Files.writeString(tokenizer, json.replace("<|im_end|>", "<|turn_end|>"));
    JobLine line = fixture.train(output("other"), "model.path=" + other);
    assertRefused(line, ExitCode.CONFIG, fixture.shards.toString(), "another tokenizer");

    Path small = fixture.copy(fixture.model, "small vocabulary");
    Path config = small.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replaceAll("\"vocab_size\": ?\\d+", "\"vocab_size\": 60"));
    JobLine outside =
        fixture.train(output("outside"), "model.path=" + small, "model.from_scratch=true");
    assertRefused(outside, ExitCode.DATA, "Invalid row ", "lies outside the vocabulary of 60");
  }

  @Test
  void refusesShardsThatAreNotFinishedOrDamaged() throws IOException {
    Path open = fixture.copy(fixture.shards, "open shards");
    Files.delete(open.resolve("_anneal/manifest.json"));
    JobLine unfinished = fixture.train(output("open"), "data.train=" + open);
    assertRefused(unfinished, ExitCode.CONFIG, open.toString(), "data.allow_foreign");

    Path short1 = fixture.copy(fixture.shards, "short shards");
    Path arrow = short1.resolve("data-00000-of-00001.arrow");
    byte[] bytes = Files.readAllBytes(arrow);
    Files.write(arrow, Arrays.copyOf(bytes, bytes.length - 300));
    JobLine damaged = fixture.train(output("short"), "data.train=" + short1);
    assertRefused(damaged, ExitCode.DATA, arrow.toString(), "manifest");
  }

  @Test
  void endsARunWhoseLossIsNoNumber() throws IOException {
    Path output = output("nan");
    JobLine line =
        fixture.train(
            output, "train.learning_rate=1e30", "train.warmup_steps=0", "train.max_steps=9");
    assertRefused(line, ExitCode.TRAINING, "NaN at step ", "train.learning_rate");
    assertThat(TrainFixture.result(output).get("exit_class").asText()).isEqualTo("training");
    assertThat(output.resolve("report.html")).exists();
    assertThat(output.resolve("model")).doesNotExist();
  }

  @Test
  void refusesAnOutputFolderThatIsAFile() throws IOException {
    Path file = Files.writeString(fixture.folder.resolve("a file"), "mine");
    JobLine line = fixture.train(file);
    assertRefused(line, ExitCode.CONFIG, "Invalid train.output_dir: " + file, "is a file");
    assertThat(Files.readString(file, StandardCharsets.UTF_8)).isEqualTo("mine");
  }

  @Test
  void saysWhichPortIsTaken() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();
      JobLine line =
          fixture.train(output("port"), "distributed.world_size=2", "distributed.port=" + port);
      assertRefused(line, ExitCode.CONFIG, "port " + port, "in use", "distributed.port");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "spark.dynamicAllocation.enabled, true, spark.dynamicAllocation.enabled",
    "spark.master, local[1], distributed.world_size: 2"
  })
  void refusesAClusterThatCannotHoldTheRanks(String key, String value, String fault) {
    System.setProperty(key, value);
    try {
      JobLine line = fixture.train(output("cluster " + key), "distributed.world_size=2");
      assertRefused(line, ExitCode.CONFIG, fault);
    } finally {
      System.clearProperty(key);
    }
  }
}
