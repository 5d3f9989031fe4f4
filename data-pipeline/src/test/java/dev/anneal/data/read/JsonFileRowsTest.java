package dev.anneal.data.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.format.FormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonFileRowsTest {

  /** Rows as number and content, or number and fault. */
  private static List<String> rows(String file) throws IOException {
    JsonFileRows reader = reader(file);
    List<String> rows = new ArrayList<>();
    for (Optional<SourceRow> row = reader.next(); row.isPresent(); row = reader.next()) {
      rows.add(row.get().number() + " " + content(row.get()));
    }
    assertThat(reader.next()).isEmpty();
    return rows;
  }

  private static String content(SourceRow row) {
    return row.fault().isEmpty()
        ? new String(row.bytes(), row.start(), row.length(), StandardCharsets.UTF_8).strip()
        : row.fault();
  }

  private static JsonFileRows reader(String file) {
    return new JsonFileRows(new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void readsTheElementsOfAnArray() throws IOException {
    assertThat(rows("\uFEFF \n[{\"a\": \"],[\\\"\"}\n , {\"b\": [1, {}]} ] \r\n"))
        .containsExactly("1 {\"a\": \"],[\\\"\"}", "2 {\"b\": [1, {}]}");
    assertThat(rows(" [ ]\n")).isEmpty();
    assertThat(rows("[1,]")).containsExactly("1 1", "2 bad JSON: row is empty (must be an object)");
    assertThat(rows("[,{}]"))
        .containsExactly("1 bad JSON: row is empty (must be an object)", "2 {}");
  }

  @Test
  void refusesWhatFollowsTheFirstArrayAndArraysThatAreBroken() {
    for (String more : List.of("[{}]", "garbage", ",", "]", "{}", "\n[{}]\n")) {
      assertThatThrownBy(() -> rows("[{}, {}]" + more))
          .as(more)
          .isInstanceOf(FormatException.class)
          .hasMessage(
              "more follows the end of the JSON array, after its row 2 (a file holds one array, or"
                  + " one object a line)");
    }
    assertThatThrownBy(() -> rows("[] []")).hasMessageContaining("after its row 0");
    for (String cut : List.of("[", "[{}", "[{},", "[{\"a\": \"", "[{\"a\": \"]")) {
      assertThatThrownBy(() -> rows(cut))
          .isInstanceOf(FormatException.class)
          .hasMessageEndingWith(": the array does not end");
    }
    assertThatThrownBy(() -> rows("[{}, {\"a\": 1], {}]"))
        .isInstanceOf(FormatException.class)
        .hasMessage("bad JSON after row 1: brackets do not fit");
  }

  @Test
  void readsOneObjectOrSeveralHoweverTheyArePrinted() throws IOException {
    assertThat(rows("{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}\n"))
        .containsExactly("1 {\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}");
    assertThat(rows("\n{\n\"a\": 1\n}\n\n{\"b\": 2}\n{\"c\":\n{}}"))
        .containsExactly("2 {\n\"a\": 1\n}", "6 {\"b\": 2}", "7 {\"c\":\n{}}");
    assertThat(rows("{\"a\": 1} {\"b\": 2}{\"c\": 3}\n{}"))
        .containsExactly("1 {\"a\": 1}", "2 {\"b\": 2}", "3 {\"c\": 3}", "4 {}");
    assertThat(rows("")).isEmpty();
  }

  @Test
  void countsLinesAsALineReaderDoes() throws IOException {
    for (String file : List.of("", "\n", " ", "{}\n\n{}", "{}\n\n{}\n\n", "\n\n \t\n", "{}\n ")) {
      JsonFileRows objects = reader(file);
      LineReader lines =
          LineReader.whole(new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8)));
      while (objects.next().isPresent()) {
        continue;
      }
      while (lines.next().isPresent()) {
        continue;
      }
      assertThat(objects.rowCount()).as(file).isEqualTo(lines.rowCount());
    }
  }

  @Test
  void losesOneRowWhereOneIsBroken() throws IOException {
    String sound = "\n{\"sound\": 1}\n";
    for (String broken :
        List.of(
            "{\"a\": \"b",
            "{\"a\": \"b\"",
            "{\"a\": [1, 2}",
            "{\"a\": 1}}",
            "{\"a\": 1},",
            "plain text",
            "[1]",
            "\"{",
            "{\"a\": 1, \"b\" \n  3")) {
      assertThat(rows(sound + broken + sound).stream().map(row -> row.split(" ", 2)[1]))
          .as(broken)
          .containsExactly("{\"sound\": 1}", broken, "{\"sound\": 1}");
    }
  }

  @Test
  void refusesFilesInOtherEncodings() {
    byte[] wide = "[{}]".getBytes(StandardCharsets.UTF_16);
    assertThatThrownBy(() -> new JsonFileRows(new ByteArrayInputStream(wide)).next())
        .isInstanceOf(FormatException.class)
        .hasMessage("the file is UTF-16 or UTF-32 (must be UTF-8)");
  }

  @Test
  void readsRowsOfAnyLengthWhateverTheBufferHolds() throws IOException {
    Random random = new Random(5);
    for (boolean array : new boolean[] {true, false}) {
      List<String> expected = new ArrayList<>();
      StringBuilder file = new StringBuilder(array ? "[" : "");
      for (int i = 0; i < 60; i++) {
        int length = random.nextInt(i % 7 == 0 ? 700_000 : 30_000);
        String row = "{\"i\": " + i + ",\n \"x\": \"" + "语,]}\\\"".repeat(length / 9) + "\"}";
        expected.add(row);
        file.append(row).append(array && i < 59 ? " ,\n" : "\n");
      }
      file.append(array ? "]" : "");
      assertThat(rows(file.toString()).stream().map(row -> row.split(" ", 2)[1]))
          .containsExactlyElementsOf(expected);
    }
  }

  @Test
  void boundsARow() throws IOException {
    String file = "[{\"a\": 1}, {\"b\": \"" + "x".repeat(600_000) + "\"}, {\"c\": 3}]";
    JsonFileRows reader =
        new JsonFileRows(new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8)), 300_000);
    assertThat(content(reader.next().orElseThrow())).isEqualTo("{\"a\": 1}");
    assertThat(content(reader.next().orElseThrow()))
        .isEqualTo("row of 600009 bytes (must be at most 300000)");
    assertThat(content(reader.next().orElseThrow())).isEqualTo("{\"c\": 3}");
  }
}
