package dev.anneal.data.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.format.FormatException;
import dev.anneal.data.tokenize.WholeCharacters;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Lines of interop/fixtures/make_json_rows.py: as rows of lines, of arrays, of objects. */
class JsonRowsTest {
  private static final String GOOD = "{\"text\": \"good\"}";

  /** A line, and its text or that it has none. */
  record Case(String line, Optional<String> text) {
    @Override
    public String toString() {
      return line.substring(0, Math.min(60, line.length()));
    }
  }

  private static List<Case> cases() throws IOException {
    String json = Files.readString(Path.of("src", "test", "resources", "json", "lines.json"));
    List<Case> cases = new ArrayList<>();
    for (JsonNode row : new ObjectMapper().readTree(json)) {
      Optional<String> text =
          row.has("text") ? Optional.of(row.path("text").textValue()) : Optional.empty();
      cases.add(new Case(row.path("line").textValue(), text));
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void readsALineAsPythonDoes(Case line) throws IOException {
    List<String> texts = texts(LineReader.whole(stream("\n" + line.line() + "\n")));
    if (line.text().isPresent()) {
      assertThat(texts).containsExactly("?", line.text().get());
    } else {
      assertThat(texts).hasSizeGreaterThan(1).containsOnly("?");
    }
  }

  /** Brackets that do not fit lose an array, as they do in Python. */
  @ParameterizedTest
  @MethodSource("cases")
  void readsAnElementOfAnArrayAsPythonDoes(Case line) throws IOException {
    String file = "[" + GOOD + ",\n" + line.line() + " , " + GOOD + "]\n";
    try {
      List<String> texts = texts(new JsonFileRows(stream(file)));
      assertThat(texts).startsWith("good").endsWith("good");
      if (line.text().isPresent()) {
        assertThat(texts).containsExactly("good", line.text().get(), "good");
      } else if (!line.line().endsWith(",")) { // else two elements
        assertThat(texts.subList(1, texts.size() - 1)).containsOnly("?");
      }
    } catch (FormatException e) {
      assertThat(line.text()).as(e.getMessage()).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void readsAnObjectOfSeveralAsPythonDoes(Case line) throws IOException {
    List<String> texts =
        texts(new JsonFileRows(stream(GOOD + "\n" + line.line() + "\n" + GOOD + "\n")));
    assertThat(texts).startsWith("good").endsWith("good").hasSizeGreaterThan(2);
    if (line.text().isPresent()) {
      assertThat(texts).containsExactly("good", line.text().get(), "good");
    } else if (!line.line().contains("}{")) { // several on a line are rows here
      assertThat(texts.subList(1, texts.size() - 1)).containsOnly("?");
    }
  }

  @Test
  void namesNoSwitchThatUsersDoNotHave() throws IOException {
    int faults = 0;
    for (Case line : cases()) {
      try {
        JsonRows.object(utf8(line.line()));
      } catch (IllegalArgumentException e) {
        faults++;
        assertThat(e.getMessage())
            .startsWith("bad JSON: ")
            .doesNotContainIgnoringCase("feature")
            .doesNotContain("enable", "Constraints", "Jackson", "`");
      }
    }
    assertThat(faults).isGreaterThan(60);
    assertThatThrownBy(() -> JsonRows.object(utf8("{\"a\": " + "[".repeat(2000))))
        .hasMessage("bad JSON: Depth (1001) exceeds the maximum allowed nesting depth (1000)");
    assertThatThrownBy(() -> JsonRows.object(utf8("{\"a\": INF}")))
        .hasMessageStartingWith("bad JSON: ");
  }

  /** As a row of the pretraining stage is read. */
  private static List<String> texts(RowReader rows) throws IOException {
    List<String> texts = new ArrayList<>();
    for (Optional<SourceRow> row = rows.next(); row.isPresent(); row = rows.next()) {
      texts.add(text(row.get()));
    }
    return texts;
  }

  private static String text(SourceRow row) {
    if (!row.fault().isEmpty()) {
      return "?";
    }
    byte[] content = row.content().clone();
    JsonTextField field = new JsonTextField("text");
    JsonTextField.Outcome outcome = field.find(row);
    String parsed;
    try {
      parsed = DocumentText.ofField(JsonRows.object(content), "text");
      WholeCharacters.require(parsed);
    } catch (IllegalArgumentException e) {
      assertThat(outcome).isEqualTo(JsonTextField.Outcome.UNSURE);
      return "?";
    }
    if (outcome == JsonTextField.Outcome.TEXT) {
      int length = field.end() - field.start();
      assertThat(new String(row.bytes(), field.start(), length, StandardCharsets.UTF_8))
          .isEqualTo(parsed);
    }
    return parsed;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ByteArrayInputStream stream(String text) {
    return new ByteArrayInputStream(utf8(text));
  }
}
