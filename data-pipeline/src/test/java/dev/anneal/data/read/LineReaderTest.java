package dev.anneal.data.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class LineReaderTest {

  @Property(tries = 500)
  void givesEveryLineOnceWhateverTheRanges(
      @ForAll @StringLength(max = 60) @Chars({'a', '\n', '\r', '语'}) String text,
      @ForAll @IntRange(min = 1, max = 70) int rangeBytes)
      throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    List<String> pieces = new ArrayList<>();
    for (long start = 0; start < bytes.length; start += rangeBytes) {
      int skipped = (int) Math.max(0, start - 1);
      ByteArrayInputStream in = new ByteArrayInputStream(bytes, skipped, bytes.length - skipped);
      pieces.addAll(lines(LineReader.range(in, start, start + rangeBytes)));
    }
    assertThat(pieces).isEqualTo(lines(LineReader.whole(new ByteArrayInputStream(bytes))));
  }

  @Test
  void readsLinesLongerThanItsBuffer() throws IOException {
    String text = "x".repeat(800_000) + "\r\n" + "y".repeat(1 << 18) + "\nz\r";
    LineReader reader = whole(text);
    assertThat(lines(reader)).containsExactly("x".repeat(800_000), "y".repeat(1 << 18), "z\r");
    assertThat(reader.rowCount()).isEqualTo(3);
  }

  @Test
  void setsAsideALineThatNoArrayHolds() throws IOException {
    String text = "a\n" + "x".repeat(20_000_001) + "\nb\n" + "y".repeat(20_000_000);
    LineReader reader = new LineReader(stream(text), 0, Long.MAX_VALUE, 20_000_000);
    assertThat(reader.next().orElseThrow().fault()).isEmpty();
    assertThat(reader.next().orElseThrow().fault())
        .isEqualTo("line of 20000001 bytes (must be at most 20000000)");
    assertThat(new String(reader.next().orElseThrow().content())).isEqualTo("b");
    SourceRow last = reader.next().orElseThrow(); // through a file, for its length
    assertThat(last.content()).isEqualTo(utf8("y".repeat(20_000_000)));
    assertThat(reader.next()).isEmpty();
  }

  @Test
  void readsAFileAsOneRow() throws IOException {
    RowReader reader = new WholeFileReader(stream("\uFEFF一\n二"));
    assertThat(lines(reader)).containsExactly("一\n二");
    assertThat(reader.rowCount()).isEqualTo(1);
    assertThat(lines(new WholeFileReader(stream("")))).containsExactly("");
    assertThatThrownBy(
            () ->
                new WholeFileReader(new ByteArrayInputStream("x".getBytes(StandardCharsets.UTF_16)))
                    .next())
        .hasMessage("the file is UTF-16 or UTF-32 (must be UTF-8)");
  }

  @Test
  void leavesOutTheByteOrderMarkAndKeepsBlankLines() throws IOException {
    assertThat(lines(whole("\uFEFFa\n\n b\n"))).containsExactly("a", "", " b");
    assertThat(lines(whole(""))).isEmpty();
    assertThat(lines(whole("\n"))).containsExactly("");
  }

  @Test
  void saysWhatIsWrongWithAJsonRow() {
    assertThat(JsonRows.object(utf8("{\"text\": \"好\"}")).get("text").asText()).isEqualTo("好");
    for (String bad : List.of("{\"a\": ", "{} x", "", "{\"a\": 1,}")) {
      assertThatThrownBy(() -> JsonRows.object(utf8(bad))).hasMessageStartingWith("bad JSON: ");
    }
    assertThatThrownBy(() -> JsonRows.object(utf8("[1]")))
        .hasMessage("bad JSON: row is a JSON array (must be an object)");
  }

  @Test
  void takesTheTextOfAField() {
    assertThat(text("{\"text\": \"好\"}", "text")).isEqualTo("好");
    assertThat(text("{\"text\": null}", "text")).isEmpty();
    assertThatThrownBy(() -> text("{\"x\": 1}", "text"))
        .hasMessage(
            "missing field 'text' (the row has x; the input's columns maps text to another)");
    assertThatThrownBy(() -> text("{\"text\": 1}", "text"))
        .hasMessage("field 'text' is a number (must be text)");
    assertThat(DocumentText.ofUtf8(utf8("a\uFFFDb"))).isEqualTo("a\uFFFDb");
    assertThatThrownBy(() -> DocumentText.ofUtf8(new byte[] {'a', (byte) 0xC3}))
        .hasMessage("not UTF-8 text");
  }

  private static String text(String json, String field) {
    return DocumentText.ofField(JsonRows.object(utf8(json)), field);
  }

  private static LineReader whole(String text) {
    return LineReader.whole(stream(text));
  }

  private static ByteArrayInputStream stream(String text) {
    return new ByteArrayInputStream(utf8(text));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> lines(RowReader reader) throws IOException {
    List<String> lines = new ArrayList<>();
    for (Optional<SourceRow> row = reader.next(); row.isPresent(); row = reader.next()) {
      lines.add(new String(row.get().content(), StandardCharsets.UTF_8));
      assertThat(row.get().number()).isEqualTo(lines.size());
    }
    return lines;
  }
}
