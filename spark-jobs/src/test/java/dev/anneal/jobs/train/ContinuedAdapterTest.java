package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.generate.TinyModel;
import dev.anneal.jobs.tokenize.TokenizeJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training goes on from an existing adapter, whose own config rules. */
class ContinuedAdapterTest {
  @TempDir static Path temp;

  @BeforeAll
  static void writeModelAndShards() throws IOException {
    TinyModel.write(temp.resolve("model"), TinyModel.Head.TIED);
    TinyModel.writeAdapter(temp.resolve("model"), temp.resolve("adapter"));
    Path corpus = temp.resolve("corpus.jsonl");
    Files.writeString(corpus, "{\"text\": \"one two three\"}\n".repeat(20));
    JobLine line =
        JobLine.run(
            new TokenizeJob(),
            "tokenize.tokenizer=" + temp.resolve("model"),
            "tokenize.stage=pt",
            "tokenize.inputs=[{path=\"" + corpus + "\"}]",
            "tokenize.block_size=32",
            "tokenize.output=" + temp.resolve("shards"));
    assertThat(line.code()).as(line.err()).isZero();
  }

  private static JobLine train(String run, String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "model.path=" + temp.resolve("model"),
                "adapter.path=" + temp.resolve("adapter"),
                "data.train=[\"" + temp.resolve("shards") + "\"]",
                "train.output_dir=" + temp.resolve(run),
                "train.max_steps=1",
                "distributed.threads_per_rank=1"));
    all.addAll(Arrays.asList(settings));
    return JobLine.run(new TrainJob(), all.toArray(new String[0]));
  }

  @Test
  void theAdapterKeepsItsConfig() throws IOException {
    JobLine line = train("run", "adapter.r=4");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(Files.readString(temp.resolve("run/adapter/adapter_config.json")))
        .isEqualTo(Files.readString(temp.resolve("adapter/adapter_config.json")));
    assertThat(temp.resolve("run/adapter/adapter_model.safetensors").toFile())
        .hasSize(Files.size(temp.resolve("adapter/adapter_model.safetensors")));
  }

  @Test
  void aKeyThatSaysSomethingElseIsRefusedBeforeAnythingIsTrained() {
    JobLine line = train("refused", "adapter.r=8");
    assertThat(line.err())
        .contains("Error: Invalid adapter.r: 8 (the adapter_config.json of adapter.path")
        .contains("says 4; leave the key out)");
    assertThat(line.code()).isEqualTo(2);
    assertThat(temp.resolve("refused/metrics.jsonl")).doesNotExist();
    assertThat(temp.resolve("refused/adapter")).doesNotExist();
  }
}
