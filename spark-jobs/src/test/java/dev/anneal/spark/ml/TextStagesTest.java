package dev.anneal.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.data.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;

class TextStagesTest extends MlTest {
  private static final String[] TEXTS = {
    "Hello world.", "你好，世界 🙂", "", null, "line\nbreak <|im_end|>", "long ".repeat(700)
  };

  @Test
  void encodesWhatTheTokenizerGivesUncutAndUnpadded() {
    Dataset<Row> encoded =
        new TextEncoder()
            .setInputCol("text")
            .setOutputCol("encoded")
            .setTokenizerPath(CHATML.toString())
            .encode(texts(TEXTS));
    assertThat(encoded.schema().apply("encoded").dataType().catalogString())
        .isEqualTo("struct<ids:array<bigint>,type_ids:array<bigint>,attention_mask:array<bigint>>");
    assertThat(encoded.columns()).containsExactly("text", "encoded");
    List<Row> rows = encoded.collectAsList();
    assertThat(rows).hasSize(TEXTS.length);
    try (Tokenizer tokenizer = open(CHATML)) {
      for (Row row : rows) {
        if (row.isNullAt(0)) {
          assertThat(row.isNullAt(1)).isTrue();
          continue;
        }
        List<Long> expected = longs(tokenizer.encode(row.getString(0)));
        assertThat(row.getStruct(1).<Long>getList(0)).isEqualTo(expected);
        assertThat(row.getStruct(1).<Long>getList(1))
            .hasSize(expected.size())
            .allMatch(x -> x == 0);
        assertThat(row.getStruct(1).<Long>getList(2))
            .hasSize(expected.size())
            .allMatch(x -> x == 1);
      }
    }
    assertThat(encoded.where("size(encoded.ids) > 512").count()).isEqualTo(1);
  }

  @Test
  void framesCutsAndPadsWhenAsked() {
    TextEncoder encoder =
        new TextEncoder()
            .setInputCol("text")
            .setOutputCol("e")
            .setTokenizerPath(LLAMA3.toString())
            .setIdType("int");
    int[] plain;
    List<Integer> frame;
    int eos;
    try (Tokenizer tokenizer = open(LLAMA3)) {
      plain = tokenizer.encode("Hello world, this is text");
      frame = tokenizer.documentPrefix();
      eos = tokenizer.tokenId("<|eot_id|>").orElseThrow();
    }
    assertThat(frame).hasSize(1);
    Dataset<Row> text = texts("Hello world, this is text");
    List<Integer> whole = new ArrayList<>(frame);
    IntStream.of(plain).forEach(whole::add);
    assertThat(ids(encoder.encode(text))).isEqualTo(whole);
    assertThat(ids(encoder.setAddSpecialTokens(false).encode(text)))
        .isEqualTo(IntStream.of(plain).boxed().toList());
    List<Integer> ended = new ArrayList<>(IntStream.of(plain).boxed().toList());
    ended.add(eos);
    assertThat(ids(encoder.setAddEosToken(true).encode(text))).isEqualTo(ended);
    encoder.setAddSpecialTokens(true).setMaxLength(4);
    assertThat(ids(encoder.encode(text))).containsExactly(frame.get(0), plain[0], plain[1], eos);
    encoder.setMaxLength(1);
    assertThatThrownBy(() -> encoder.encode(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid maxLength: 1 (must be at least the 2 special tokens of a row)");
    encoder.setMaxLength(0).setPadding("max_length");
    assertThatThrownBy(() -> encoder.encode(text))
        .hasMessage("Invalid padding: max_length (setMaxLength says how long rows become)");
    encoder.setPadding("longest");
    assertThatThrownBy(() -> encoder.encode(text))
        .hasMessage("Invalid padding: longest (must be one of none, max_length)");
  }

  @Test
  void padsToTheLengthAsked() {
    Dataset<Row> encoded =
        new TextEncoder()
            .setInputCol("text")
            .setOutputCol("e")
            .setTokenizerPath(CHATML.toString())
            .setMaxLength(40)
            .setPadding("max_length")
            .encode(texts("Hello world.", "long ".repeat(100)));
    for (Row row : encoded.collectAsList()) {
      assertThat(row.getStruct(1).getList(0)).hasSize(40);
      assertThat(row.getStruct(1).getList(1)).hasSize(40);
      List<Long> mask = row.getStruct(1).getList(2);
      boolean isShort = row.getString(0).startsWith("Hello");
      assertThat(mask.get(39)).isEqualTo(isShort ? 0L : 1L);
      assertThat(mask.get(0)).isEqualTo(1L);
    }
  }

  @Test
  void decodesWhatWasEncodedAndSpellsTokens() {
    Dataset<Row> encoded =
        new TextEncoder()
            .setInputCol("text")
            .setOutputCol("encoded")
            .setTokenizerPath(CHATML.toString())
            .transform(texts(TEXTS));
    Dataset<Row> ids = encoded.withColumn("ids", functions.col("encoded.ids"));
    TextDecoder decoder =
        new TextDecoder()
            .setInputCol("ids")
            .setOutputCol("decoded")
            .setTokenizerPath(CHATML.toString());
    assertThat(decoder.decode(ids).where("NOT (text <=> decoded)").count()).isZero();
    Dataset<Row> narrow = ids.withColumn("ids", functions.col("ids").cast("array<int>"));
    assertThat(decoder.decode(narrow).where("NOT (text <=> decoded)").count()).isZero();
    assertThat(
            decoder
                .setSkipSpecialTokens(true)
                .decode(narrow)
                .where("text LIKE 'line%'")
                .head()
                .<String>getAs("decoded"))
        .isEqualTo("line\nbreak ");
    Dataset<Row> tokens =
        new TextTokenizer()
            .setInputCol("text")
            .setOutputCol("tokens")
            .setTokenizerPath(CHATML.toString())
            .tokenize(ids);
    assertThat(tokens.schema().apply("tokens").dataType().catalogString())
        .isEqualTo("array<string>");
    assertThat(tokens.where("size(tokens) != size(ids)").count()).isZero();
    assertThat(tokens.where("text IS NULL AND tokens IS NOT NULL").count()).isZero();
    assertThat(tokens.where("text LIKE 'line%'").head().<String>getList(3))
        .contains("<|im_end|>")
        .anyMatch(token -> token.startsWith("Ġ"));
  }

  @Test
  void refusesIdsThatTheTokenizerDoesNotHave() {
    Dataset<Row> ids = rows("{\"ids\": [1, 99999999]}", "{\"ids\": [4294967296]}");
    TextDecoder decoder =
        new TextDecoder().setInputCol("ids").setOutputCol("t").setTokenizerPath(CHATML.toString());
    assertThatThrownBy(() -> decoder.decode(ids.limit(1)).collect())
        .hasStackTraceContaining("Invalid id: 99999999 at 1 (must be in [0, ");
    assertThatThrownBy(() -> decoder.decode(ids.where("ids[0] > 10")).collect())
        .hasStackTraceContaining("Invalid id: 4294967296 at 0 (must fit 32 bits)");
  }

  /** A failed job returns before its last tasks have ended. */
  private static List<Integer> ids(Dataset<Row> encoded) {
    return encoded.head().getStruct(1).getList(0);
  }

  private static List<Long> longs(int[] ids) {
    return IntStream.of(ids).asLongStream().boxed().toList();
  }
}
