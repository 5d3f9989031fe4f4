package dev.anneal.jobs.preview;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.tokenize.TestCorpus;
import dev.anneal.jobs.tokenize.TokenizeJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleJobTest {
  private static final String CHATS =
      """
      {"instruction": "Say hello", "output": "\u4f60\u597d"}

      {"instruction": "Say nothing", "output": ""}
      {"messages": [{"role": "user", "content": "a\\u001b[31m"}, {"role": "assistant", "content": "b"}]}
      {"conversations": [{"from": "gpt", "value": "b"}]}
      not json
      """;

  @TempDir Path temp;

  private JobLine sample(Path file, String... typed) {
    return sampleOf("sft", file, typed);
  }

  private JobLine sampleOf(String stage, Path file, String... typed) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "-s", "tokenize.tokenizer=" + TestCorpus.TOKENIZER,
                "-s", "tokenize.stage=" + stage,
                "-s", "tokenize.inputs=[{path=\"" + file + "\"}]"));
    if (stage.equals("sft")) {
      all.addAll(List.of("-s", "tokenize.chat_template=chatml"));
    }
    all.addAll(List.of(typed));
    return JobLine.typed(new SampleJob(), all.toArray(new String[0]));
  }

  private Path write(String name, String content) throws IOException {
    Path folder = Files.createDirectories(temp.resolve("\u8bed\u6599 with spaces"));
    return Files.writeString(folder.resolve(name), content);
  }

  @Test
  void showsWhatIsTrainedInBracketsAndWhyRowsAreNotUsed() throws IOException {
    Path file = write("chats.jsonl", CHATS);
    JobLine line = sample(file, "--show", "--rows", "9");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.out())
        .startsWith("\u27e6trained on\u27e7 and not\n")
        .contains("chats.jsonl:1: ")
        .contains(
            "<|im_start|>user\nSay hello<|im_end|>\n<|im_start|>assistant\n"
                + "\u27e6\u4f60\u597d<|im_end|>\u27e7\n")
        .contains("chats.jsonl:3: left out: no_answer, ")
        .contains("a\\x1b[31m<|im_end|>")
        .contains(
            "chats.jsonl:5: bad row: field 'conversations[0]' is the assistant's (must follow what"
                + " a human says)\n{\"conversations\"")
        .contains("chats.jsonl:6: bad row: bad JSON: ")
        .containsPattern("2 rows, \\d+ tokens, \\d+ with a loss \\(\\d+ %\\), 2 bad, 1 left out\n$")
        .doesNotContain("\u001b");
  }

  @Test
  void printsCountsAloneUnlessAskedForTexts() throws IOException {
    JobLine line = sample(write("chats.jsonl", CHATS), "--rows=1", "--ids");
    assertThat(line.out()).containsPattern("chats.jsonl:1: \\d+ tokens, \\d+ with a loss\nids \\[");
    assertThat(line.out()).doesNotContain("Say hello").doesNotContain("\u27e6");
  }

  @Test
  void picksTheSameRowsAnywhereForOneSeed() throws IOException {
    String rows =
        IntStream.range(0, 5000)
            .mapToObj(i -> "{\"instruction\": \"count " + i + "\", \"output\": \"so\"}")
            .collect(Collectors.joining("\n"));
    Path file = write("many.jsonl", rows);
    String one = sample(file, "--seed", "7", "--rows", "4").out();
    assertThat(sample(file, "--seed", "7", "--rows", "4").out()).isEqualTo(one);
    assertThat(sample(file, "--seed", "8", "--rows", "4").out()).isNotEqualTo(one);
    assertThat(one).contains("4 rows, ").contains(" after byte ");
  }

  @Test
  void laysDocumentsEndToEndInBlocks() throws IOException {
    Path file =
        write(
            "docs.jsonl",
            "{\"text\": \"one two\"}\n{\"text\": \"\u706f\u5854\"}\n{\"text\": \"\"}\n{}\n");
    JobLine line = sampleOf("pt", file, "-s", "tokenize.block_size=2048", "--show", "--rows", "4");
    assertThat(line.code()).as(line.err()).isZero();
    assertThat(line.out())
        .contains("docs.jsonl:1 (from token 0), ")
        .contains("docs.jsonl:2 (from token ")
        .contains("\u27e6one two<|im_end|>\u706f\u5854<|im_end|>\u27e7")
        .contains("docs.jsonl:3: left out: empty")
        .contains("docs.jsonl:4: bad row: ");
    JobLine cut = sampleOf("pt", file, "-s", "tokenize.block_size=2", "--rows", "1");
    assertThat(cut.out()).contains("block 0 of ").contains("block 1 of ").contains("(goes on)");
  }

  @Test
  void refusesWhatTokenizeRefuses() throws IOException {
    Path file = write("chats.jsonl", CHATS);
    assertThat(sample(file, "--rows", "0").err())
        .isEqualTo("Error: Invalid sample.rows: 0 (must be > 0)\n");
    assertThat(sample(file, "--seed", "-2").err())
        .isEqualTo("Error: Invalid sample.seed: -2 (must be >= 0, or -1 for the first rows)\n");
    assertThat(sample(temp.resolve("none"), "--show").err()).contains("tokenize.inputs[0]");
  }

  @Test
  void showsARowWhenAMaskLeavesNothing() throws IOException {
    Path file = write("chats.jsonl", "{\"instruction\": \"Say hello\", \"output\": \"Hi\"}\n");
    Path template = write("no answer.jinja", "{{ messages[0].content }} and no more");
    JobLine line =
        JobLine.run(
            new TokenizeJob(),
            "tokenize.tokenizer=" + TestCorpus.TOKENIZER,
            "tokenize.stage=sft",
            "tokenize.chat_template=" + template,
            "tokenize.inputs=[{path=\"" + file + "\"}]",
            "tokenize.output=" + temp.resolve("out"));
    assertThat(line.code()).isEqualTo(2);
    assertThat(line.out())
        .contains("chats.jsonl:1: left out: no_target, ")
        .contains("\nSay hello and no more\n");
    assertThat(line.err())
        .isEqualTo(
            "Error: Invalid tokenize.mask: all_turns makes no token of 1 rows a target"
                + " (tokenize.chat_template does not show where the assistant speaks, or"
                + " tokenize.block_size cuts the answers off)\n");
    assertThat(Files.exists(temp.resolve("out").resolve("state.json"))).isFalse();
  }
}
