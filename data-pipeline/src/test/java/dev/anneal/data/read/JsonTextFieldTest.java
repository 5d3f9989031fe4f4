package dev.anneal.data.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTextFieldTest {

  @Test
  void findsTextInItsPlace() {
    assertThat(found("{\"text\": \"好 plain\"}")).contains("好 plain");
    assertThat(
            found(" {\"id\":1,\"text\":\"a\\n\\t\\\"\\\\\\/\\b\\f\\r\",\"x\":[1,{\"y\":null}]} "))
        .contains("a\n\t\"\\/\b\f\r");
    assertThat(found("{\"text\":\"\\u4f60\\u597D \\ud83d\\uDE00 \\u0000\\u007f\\u0080\\u07ff\"}"))
        .contains("你好 😀 \u0000\u007f\u0080\u07ff");
    assertThat(found("{\"text\":\"\"}")).contains("");
    assertThat(found("{\"meta\":{\"text\":\"inner\"},\"text\":\"outer\"}")).contains("outer");
    assertThat(find("{\"text\": null, \"n\": -1.5e-7}")).isEqualTo(JsonTextField.Outcome.NULL);
  }

  @Test
  void leavesTheOddToTheParserAndTheRowUntouched() {
    for (String odd :
        List.of(
            "",
            "{}",
            "[1]",
            "{\"text\": 3}",
            "{\"text\": \"a\\n\"",
            "{\"text\": \"a\\n\"} x",
            "{\"text\": \"a\\n\",}",
            "{\"text\": \"a\\n\", \"text\": \"b\"}",
            "{\"text\": null, \"text\": \"b\"}",
            "{\"te\\u0078t\": \"b\"}",
            "{\"text\": \"\\ud83d\"}",
            "{\"text\": \"\\ude00\\ud83d\"}",
            "{\"text\": \"\\x\"}",
            "{\"text\": \"\\u12g4\"}",
            "{\"text\": \"tab\there\"}",
            "{\"text\": \"a\\n\", \"n\": 01}",
            "{\"text\": \"a\\n\", \"n\": 1.}",
            "{\"text\": \"a\\n\", \"n\": NaN}",
            "{\"text\": \"a\\n\", \"n\": tru}",
            "\uFEFF{\"text\": \"a\\n\"}")) {
      byte[] bytes = odd.getBytes(StandardCharsets.UTF_8);
      assertThat(new JsonTextField("text").find(new SourceRow(1, bytes)))
          .describedAs(odd)
          .isEqualTo(JsonTextField.Outcome.UNSURE);
      assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(odd);
    }
  }

  @Test
  void staysWithinTheRow() {
    String around = "\"\\n}{\"text\": \"x\\ny\"}{\"text\": \"z\\n\"}";
    byte[] bytes = around.getBytes(StandardCharsets.UTF_8);
    int start = around.indexOf('{');
    int end = around.indexOf("{\"text\": \"z");
    JsonTextField field = new JsonTextField("text");
    assertThat(field.find(new SourceRow(1, bytes, start, end, "")))
        .isEqualTo(JsonTextField.Outcome.TEXT);
    assertThat(new String(bytes, field.start(), field.end() - field.start())).isEqualTo("x\ny");
    assertThat(new String(bytes, end, bytes.length - end)).isEqualTo("{\"text\": \"z\\n\"}");
  }

  /** Random rows out of pieces, sound and broken: what is accepted is what Jackson reads. */
  @Test
  void neverSaysAnythingElseThanJackson() {
    List<String> pieces =
        List.of(
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            " ",
            "\"",
            "\"text\"",
            "\"text\":",
            "\"语 文\"",
            "\"a\":1",
            "null",
            "true",
            "-0.5e3",
            "12",
            "\\n",
            "\\u4f60",
            "\\ud83d\\ude00",
            "\\ud83d",
            "\\",
            "abcdefgh",
            "\u0001",
            "é",
            "😀",
            "{\"text\":\"",
            "\"}",
            ",\"b\":[{\"c\":\"d\"}]}");
    Random random = new Random(11);
    int accepted = 0;
    for (int i = 0; i < 300_000; i++) {
      ByteArrayOutputStream row = new ByteArrayOutputStream();
      row.writeBytes(utf8(random.nextInt(3) == 0 ? "" : "{\"text\":\""));
      for (int j = random.nextInt(6); j > 0; j--) {
        row.writeBytes(utf8(pieces.get(random.nextInt(pieces.size()))));
      }
      row.writeBytes(utf8(random.nextInt(3) == 0 ? "" : "\"}"));
      byte[] bytes = row.toByteArray();
      if (random.nextInt(10) == 0 && bytes.length > 0) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      Optional<String> expected = byJackson(bytes.clone());
      JsonTextField field = new JsonTextField("text");
      switch (field.find(new SourceRow(1, bytes))) {
        case TEXT -> {
          accepted++;
          byte[] text = Arrays.copyOfRange(bytes, field.start(), field.end());
          assertThat(expected).contains(new String(text, StandardCharsets.UTF_8));
          assertThat(utf8(expected.orElseThrow())).isEqualTo(text);
        }
        case NULL -> assertThat(expected).contains("");
        case UNSURE -> {}
      }
    }
    assertThat(accepted).isGreaterThan(30_000);
  }

  private static Optional<String> byJackson(byte[] row) {
    try {
      return Optional.of(DocumentText.ofField(JsonRows.object(row), "text"));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Test
  void tellsTextFromOtherBytes() {
    for (String text :
        List.of("", "plain ascii text", "语言", "é", "😀\uFFFF\uD7FF\uE000", "\u0001")) {
      byte[] bytes = utf8(text);
      assertThat(WellFormedUtf8.isText(bytes, 0, bytes.length)).describedAs(text).isTrue();
    }
    for (int[] odd :
        new int[][] {
          {0xC3},
          {0x80},
          {0xC0, 0x80},
          {0xE0, 0x80, 0x80},
          {0xED, 0xA0, 0x80},
          {0xF5, 0x80, 0x80, 0x80},
          {0xF0, 0x80, 0x80, 0x80},
          {0xF4, 0x90, 0x80, 0x80},
          {0xE4, 0xBD},
          {0x41, 0},
          {0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0},
          {0xE9, 0x74, 0xE9}
        }) {
      byte[] bytes = new byte[odd.length];
      for (int i = 0; i < odd.length; i++) {
        bytes[i] = (byte) odd[i];
      }
      assertThat(WellFormedUtf8.isText(bytes, 0, bytes.length))
          .describedAs(Arrays.toString(odd))
          .isFalse();
    }
  }

  private static Optional<String> found(String json) {
    byte[] bytes = utf8(json);
    JsonTextField field = new JsonTextField("text");
    return field.find(new SourceRow(1, bytes)) == JsonTextField.Outcome.TEXT
        ? Optional.of(
            new String(bytes, field.start(), field.end() - field.start(), StandardCharsets.UTF_8))
        : Optional.empty();
  }

  private static JsonTextField.Outcome find(String json) {
    return new JsonTextField("text").find(new SourceRow(1, utf8(json)));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
