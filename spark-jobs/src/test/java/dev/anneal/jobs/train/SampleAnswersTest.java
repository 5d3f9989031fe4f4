package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts are answered before and after a run, whatever it leaves. */
class SampleAnswersTest {
  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "adapter.peft_type=LORA",
        "adapter.peft_type=FREEZE",
        "adapter.adapter_name=law,adapter.peft_type=LORA"
      })
  void asksTheAdapterOrTheModel(String adapter) throws IOException {
    assertThat(report(adapter.split(","))).contains("the lamp").contains("before", "after");
  }

  @Test
  void asksTheWholeModel() throws IOException {
    assertThat(report()).contains("the lamp").contains("before", "after");
  }

  @Test
  void scoresWhatAFileHasAnswersFor() throws IOException {
    Path file =
        Files.writeString(
            temporary.resolve("samples.jsonl"),
            """
            {"prompt": "the house"}
            {"question": "哪盏灯?", "answer": "红的"}
            """);
    assertThat(report("train.samples.file=" + file))
        .contains("the house", "哪盏灯", "Exact match", "0 of 1");
  }

  private String report(String... settings) throws IOException {
    TrainFixture fixture = new TrainFixture(temporary);
    Path output = temporary.resolve("run");
    String[] all = new String[settings.length + 4];
    all[0] = "train.samples.prompts=[the lamp]";
    all[1] = "train.samples.chat=false";
    all[2] = "train.samples.max_new_tokens=2";
    all[3] = "train.max_steps=1";
    System.arraycopy(settings, 0, all, 4, settings.length);
    JobLine line = fixture.train(output, all);
    assertThat(line.code()).as(line.err()).isZero();
    boolean named = settings.length == 2;
    return Files.readString(
        (named ? output.resolve("adapter/law") : output).resolve("report.html"));
  }
}
