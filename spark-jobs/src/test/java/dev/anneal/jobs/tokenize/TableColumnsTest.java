package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.format.FormatException;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.corpus.CorpusFile;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.FormatGuess;
import dev.anneal.jobs.corpus.SliceRows;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.read.RowColumns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of interop/fixtures/make_containers.py, by pyarrow and datasets. */
class TableColumnsTest {
  private static final Path FOLDER = Path.of("src", "test", "resources", "containers");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final RowColumns TEXT = new RowColumns(Set.of("text"), false, "text", false);

  private static List<JsonNode> rows(String name, RowColumns columns) throws IOException {
    String path = FOLDER.resolve(name).toString();
    InputConfig.Format format = FormatGuess.of(name).orElseThrow();
    CorpusFile file = new CorpusFile(0, path, name, name, Files.size(Path.of(path)), 0, format);
    FileSlice slice = new FileSlice(file, 0, 1, 0, Long.MAX_VALUE);
    HadoopFileStore store = new HadoopFileStore(new Configuration());
    List<JsonNode> rows = new ArrayList<>();
    try (SliceRows reader = SliceRows.open(store, slice, columns)) {
      for (Optional<SourceRow> row = reader.next(); row.isPresent(); row = reader.next()) {
        rows.add(JSON.readTree(row.get().content()));
      }
    }
    return rows;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "chats.arrow",
        "chats.orc",
        "chats.parquet",
        "chats-saved.arrow",
        "chats-saved.parquet",
        "chats-loaded.arrow",
        "chats-loaded.parquet"
      })
  void givesTheChatsOfATableAsTheyAreInLines(String name) throws IOException {
    assertThat(rows(name, RowColumns.ALL)).isEqualTo(rows("chats.jsonl", RowColumns.ALL));
  }

  @ParameterizedTest
  @ValueSource(strings = {"chats.arrow", "chats.orc", "chats.parquet"})
  void keepsTheNullsWhereAsked(String name) throws IOException {
    JsonNode call =
        rows(name, new RowColumns(Set.of("messages"), false, "", true))
            .get(0)
            .at("/messages/1/tool_calls/0/function/arguments");
    assertThat(call).isEqualTo(JSON.readTree("{\"a\": \"x\", \"b\": null, \"c\": null}"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"odd.arrow", "odd-zstd.arrow", "odd.parquet"})
  void passesOverColumnsOfTypesThatItDoesNotKnow(String name) throws IOException {
    List<JsonNode> expected = rows("rows.jsonl", RowColumns.ALL);
    List<JsonNode> texts = rows(name, TEXT);
    assertThat(texts).hasSize(4).allMatch(row -> row.size() == 1);
    assertThat(texts)
        .extracting(row -> row.get("text"))
        .isEqualTo(expected.stream().map(row -> row.get("text")).toList());
    RowColumns chats = new RowColumns(Set.of("messages"), false, "", false);
    assertThat(rows(name, chats))
        .extracting(row -> row.get("messages"))
        .isEqualTo(expected.stream().map(row -> row.get("messages")).toList());
    JsonNode all = rows(name, RowColumns.ALL).get(0);
    assertThat(all.has("text") && all.has("messages") && all.has("wide")).isTrue();
    assertThat(all.has("half") || all.has("halves") || all.has("deep") || all.has("view"))
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "view-text.arrow, string_view, arrow",
    "half-text.arrow, float16, arrow",
    "half-text.parquet, float16, parquet"
  })
  void namesAWantedColumnOfATypeThatItDoesNotKnow(String name, String type, String format) {
    assertThatThrownBy(() -> rows(name, TEXT))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "Cannot read %s: column 'text' is of type %s (which cannot be read)"
                    .formatted(name, type)
                + " (tokenize.inputs[0].format = %s)".formatted(format));
  }

  @ParameterizedTest
  @ValueSource(strings = {"stream.arrow", "wide-dictionary.arrow", "rows.orc", "rows.parquet"})
  void readsTheWantedColumnsAlone(String name) throws IOException {
    assertThat(rows(name, TEXT)).allMatch(row -> row.size() == 1 && row.has("text"));
    RowColumns others = new RowColumns(Set.of("text"), true, "text", false);
    assertThat(rows(name, others)).isEqualTo(rows("rows.jsonl", RowColumns.ALL));
    RowColumns missing = new RowColumns(Set.of("body"), false, "body", false);
    assertThat(rows(name, missing)).isEqualTo(rows("rows.jsonl", RowColumns.ALL));
  }

  @Test
  void takesJsonForTextWhereTheTextIsWanted() throws IOException {
    RowColumns text = new RowColumns(Set.of("messages"), false, "messages", false);
    JsonNode message = rows("chats-loaded.arrow", text).get(0).at("/messages/0");
    assertThat(message.isTextual()).isTrue();
    JsonNode parsed = rows("chats-loaded.arrow", RowColumns.ALL).get(0).at("/messages/0");
    assertThat(JSON.readTree(message.textValue())).isEqualTo(parsed);
  }
}
