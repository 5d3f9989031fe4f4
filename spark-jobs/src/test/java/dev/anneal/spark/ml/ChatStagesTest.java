package dev.anneal.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.ChatTemplates;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.sft.LossMask;
import dev.anneal.data.sft.Overlong;
import dev.anneal.data.sft.SftEncoder;
import dev.anneal.data.sft.SftOptions;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatStagesTest extends MlTest {
  private static final String CHAT =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"你好\"},"
          + " {\"role\": \"assistant\", \"content\": \"Hello there.\"}]}";
  private static final String NO_ANSWER =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"anyone?\"}]}";

  @TempDir Path temp;

  private static ChatTemplateEncoder encoder() {
    return new ChatTemplateEncoder()
        .setInputCol("messages")
        .setOutputCol("chat")
        .setTokenizerPath(CHATML.toString())
        .setChatTemplate("chatml");
  }

  @Test
  void encodesWhatTheTokenizeJobEncodes() {
    EncodedRow expected;
    try (Tokenizer tokenizer = open(CHATML)) {
      SftOptions options = new SftOptions(1000, LossMask.ALL_TURNS, Overlong.TRUNCATE);
      expected =
          (EncodedRow)
              new SftEncoder(
                      tokenizer,
                      ChatTemplates.named("chatml", TokenizerFolder.open(CHATML)),
                      options)
                  .encode(
                      Conversation.of(
                          new ChatMessage("user", "你好"),
                          new ChatMessage("assistant", "Hello there.")));
    }
    Dataset<Row> encoded = encoder().encode(rows(CHAT, "{\"messages\": null}"));
    assertThat(encoded.schema().apply("chat").dataType().catalogString())
        .isEqualTo("struct<input_ids:array<int>,labels:array<int>>");
    List<Row> rows = encoded.collectAsList();
    assertThat(rows.get(0).getStruct(1).<Integer>getList(0)).isEqualTo(boxed(expected.ids()));
    assertThat(rows.get(0).getStruct(1).<Integer>getList(1)).isEqualTo(boxed(expected.labels()));
    assertThat(rows.get(1).isNullAt(1)).isTrue();

    Dataset<Row> text =
        rows(CHAT).select(functions.to_json(functions.col("messages")).as("messages"));
    assertThat(encoder().encode(text).head().getStruct(1)).isEqualTo(rows.get(0).getStruct(1));
    Dataset<Row> shareGpt =
        rows(
            CHAT.replace("role", "from")
                .replace("content", "value")
                .replace("\"user\"", "\"human\"")
                .replace("\"assistant\"", "\"gpt\""));
    assertThat(encoder().encode(shareGpt).head().getStruct(1)).isEqualTo(rows.get(0).getStruct(1));
    Dataset<Row> wide = encoder().setIdType("bigint").setMask("train_on_prompt").encode(rows(CHAT));
    assertThat(wide.where("chat.input_ids = chat.labels").count()).isEqualTo(1);
    assertThat(wide.schema().apply("chat").dataType().catalogString()).contains("array<bigint>");
  }

  @Test
  void saysWhichConversationCannotBeEncodedOrGoesOnWithoutIt() {
    Dataset<Row> data = rows(CHAT, NO_ANSWER, "{\"messages\": null}");
    assertThatThrownBy(() -> encoder().encode(data).collect())
        .hasStackTraceContaining("Cannot encode a conversation: no answer (handleInvalid = skip")
        .hasStackTraceContaining("anyone?");
    assertThat(encoder().setHandleInvalid("skip").encode(data).collectAsList()).hasSize(2);
    assertThat(encoder().setHandleInvalid("keep").encode(data).where("chat IS NULL").count())
        .isEqualTo(2);
    Dataset<Row> broken = texts("{\"messages\": 5}", "not JSON").toDF("messages");
    assertThatThrownBy(() -> encoder().encode(broken.where("messages LIKE 'not%'")).collect())
        .hasStackTraceContaining("Cannot encode a conversation: bad JSON: ");
    assertThat(encoder().setHandleInvalid("skip").encode(broken).count()).isZero();
    assertThatThrownBy(() -> encoder().setMask("first").encode(data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid mask: first (must be one of all_turns, last_turn, train_on_prompt)");
    assertThatThrownBy(() -> encoder().setInputCol("n").encode(data.selectExpr("1 AS n")))
        .hasMessage(
            "Invalid inputCol: n (is int, must be array<struct<role, content>> or JSON text)");
    assertThatThrownBy(() -> encoder().setChatTemplate("").encode(data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Cannot find a chat template in " + CHATML);
  }

  @Test
  void rendersPromptsForTheModelToAnswer() {
    Row row = encoder().setAddGenerationPrompt(true).encode(rows(NO_ANSWER)).head();
    List<Integer> ids = row.getStruct(1).getList(0);
    assertThat(row.getStruct(1).<Integer>getList(1)).hasSize(ids.size()).allMatch(x -> x == -100);
    try (Tokenizer tokenizer = open(CHATML)) {
      assertThat(tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray()))
          .endsWith("<|im_start|>assistant\n");
    }
  }

  @Test
  void packsWithTheirBoundaries() {
    Dataset<Row> samples =
        rows(
            "{\"e\": {\"input_ids\": [1,2,3], \"labels\": [-100,2,3]}}",
            "{\"e\": {\"input_ids\": [4,5,6,7,8], \"labels\": [-100,5,6,7,8]}}",
            "{\"e\": {\"input_ids\": [], \"labels\": []}}",
            "{\"e\": null}",
            "{\"e\": {\"input_ids\": [9,10], \"labels\": [9,10]}}");
    SequencePacker packer = new SequencePacker().setInputCol("e").setBlockSize(5);
    Dataset<Row> packed = packer.pack(samples);
    assertThat(packed.columns()).containsExactly("input_ids", "labels", "seq_lengths");
    assertThat(json(packed))
        .containsExactly(
            "{\"input_ids\":[4,5,6,7,8],\"labels\":[-100,5,6,7,8],\"seq_lengths\":[5]}",
            "{\"input_ids\":[1,2,3,9,10],\"labels\":[-100,2,3,9,10],\"seq_lengths\":[3,2]}");
    assertThat(json(packer.setPacking("bfd_split").setBlockSize(4).pack(samples)))
        .contains("{\"input_ids\":[4,5,6,7],\"labels\":[-100,5,6,7],\"seq_lengths\":[4]}")
        .hasSize(3);
    assertThat(json(packer.setPacking("bfd").pack(samples)).get(0)).contains("[4,5,6,7]");
    assertThat(json(packer.setPacking("wrapped").pack(samples)))
        .containsExactly(
            "{\"input_ids\":[1,2,3,4],\"labels\":[-100,2,3,-100]}",
            "{\"input_ids\":[5,6,7,8],\"labels\":[5,6,7,8]}",
            "{\"input_ids\":[9,10],\"labels\":[9,10]}");
    assertThat(json(packer.setTail("drop").pack(samples))).hasSize(2);
    Dataset<Row> ids = samples.selectExpr("e.input_ids AS ids", "e.labels AS l");
    packer.setInputCol("ids");
    assertThat(packer.pack(ids).columns()).containsExactly("input_ids");
    assertThat(packer.setLabelsCol("l").setIdType("bigint").pack(ids).columns())
        .containsExactly("input_ids", "labels");
    assertThat(packer.pack(ids.limit(0)).count()).isZero();
  }

  @Test
  void refusesWhatCannotBePacked() {
    Dataset<Row> samples =
        rows("{\"ids\": [1,2], \"labels\": [1], \"text\": \"x\", \"s\": {\"a\": 1}}");
    SequencePacker packer = new SequencePacker().setInputCol("ids").setLabelsCol("labels");
    assertThatThrownBy(() -> packer.pack(samples).collect())
        .hasStackTraceContaining("Invalid labels: 1 (expected 2 as input_ids)");
    assertThatThrownBy(() -> packer.setLabelsCol("text").pack(samples))
        .hasMessage("Invalid labelsCol: text (is string, must be array<int> or array<bigint>)");
    packer.setLabelsCol("").setInputCol("text");
    assertThatThrownBy(() -> packer.pack(samples))
        .hasMessage(
            "Invalid inputCol: text (is string, must be array<int> or array<bigint>, or a struct with"
                + " input_ids)");
    assertThatThrownBy(() -> packer.setInputCol("s").pack(samples))
        .hasMessage(
            "Invalid inputCol: s (is struct<a:bigint>, must be a struct with input_ids or ids, or an"
                + " array of ids)");
    assertThatThrownBy(() -> packer.setInputCol("ids").setBlockSize(0).pack(samples))
        .hasMessage("Invalid blockSize: 0 (must be >= 1)");
    assertThatThrownBy(() -> packer.setBlockSize(8).setPacking("best").pack(samples))
        .hasMessage("Invalid packing: best (must be one of bfd, bfd_split, wrapped)");
  }

  @Test
  void savesLoadsAndRunsInAPipeline() throws Exception {
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  encoder().setMask("last_turn"),
                  new SequencePacker().setInputCol("chat").setBlockSize(64)
                });
    Dataset<Row> data = rows(CHAT, CHAT);
    PipelineModel model = pipeline.fit(data);
    List<String> expected = json(model.transform(data));
    assertThat(expected).hasSize(1);
    String path = temp.resolve("a pipeline 管道").toString();
    model.write().overwrite().save(path);
    assertThat(json(PipelineModel.load(path).transform(data))).isEqualTo(expected);
    pipeline.write().save(path + "2");
    assertThat(json(Pipeline.load(path + "2").fit(data).transform(data))).isEqualTo(expected);

    TextEncoder one =
        new TextEncoder().setInputCol("text").setMaxLength(7).setTokenizerPath(CHATML.toString());
    one.save(temp.resolve("one").toString());
    TextEncoder loaded = TextEncoder.load(temp.resolve("one").toString());
    assertThat(loaded.uid()).isEqualTo(one.uid());
    assertThat(loaded.extractParamMap().toString()).isEqualTo(one.extractParamMap().toString());
    assertThat(loaded.getMaxLength()).isEqualTo(7);
    TextEncoder copy = one.copy(one.extractParamMap().put(one.maxLength().w(9)));
    assertThat(copy.getMaxLength()).isEqualTo(9);
    assertThat(copy.getTokenizerPath()).isEqualTo(CHATML.toString());
    assertThat(one.explainParams()).contains("tokenizerPath", "maxLength");
  }

  private static List<String> json(Dataset<Row> rows) {
    return rows.toJSON().collectAsList();
  }

  private static List<Integer> boxed(int[] ids) {
    return IntStream.of(ids).boxed().toList();
  }
}
