package dev.anneal.data.read;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.anneal.core.format.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** Rows that are JSON: parsing one, and walking a file that is one JSON array. Stateless. */
public final class JsonRows {
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final ObjectReader ELEMENT =
      JSON.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private JsonRows() {}

  /** A row as a JSON object; {@link IllegalArgumentException} says why it is none. */
  public static JsonNode object(byte[] content) {
    for (byte value : content) {
      if (value == 0) { // Jackson would take it for UTF-16
        throw new IllegalArgumentException("bad JSON: row has zero bytes (must be UTF-8)");
      }
    }
    JsonNode node;
    try {
      node = JSON.readTree(content);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("bad JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new IllegalArgumentException("bad JSON: " + e.getMessage(), e);
    }
    if (!node.isObject()) {
      String kind = node instanceof MissingNode ? "empty" : "a JSON " + name(node);
      throw new IllegalArgumentException("bad JSON: row is " + kind + " (must be an object)");
    }
    return node;
  }

  /** What a value is, in the words of JSON. */
  public static String name(JsonNode node) {
    return node.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  /** The rows of a {@code .json} file, be it one array or one object a line. */
  public static RowReader arrayOrLines(InputStream in) throws IOException {
    PushbackInputStream peeked = new PushbackInputStream(in, 4);
    int first = peeked.read();
    while (first == 0xEF || first == 0xBB || first == 0xBF || Character.isWhitespace(first)) {
      first = peeked.read();
    }
    if (first >= 0) {
      peeked.unread(first);
    }
    return first == '[' ? new ArrayReader(JSON.createParser(peeked)) : LineReader.whole(peeked);
  }

  /** The elements of one JSON array, read one by one. */
  private static final class ArrayReader implements RowReader {
    private final JsonParser parser;
    private long rows;
    private boolean ended;

    ArrayReader(JsonParser parser) throws IOException {
      this.parser = parser;
      parser.nextToken();
    }

    @Override
    public Optional<SourceRow> next() throws IOException {
      try {
        ended = ended || parser.nextToken() == JsonToken.END_ARRAY;
        if (ended) {
          return Optional.empty();
        }
        rows++;
        JsonNode element = ELEMENT.readTree(parser);
        byte[] content = element.toString().getBytes(StandardCharsets.UTF_8);
        return Optional.of(new SourceRow(rows, content));
      } catch (JsonProcessingException e) {
        // The rest of the array cannot be found again: the file is lost, not the row.
        throw new FormatException("bad JSON after row " + rows + ": " + e.getOriginalMessage(), e);
      }
    }

    @Override
    public long rowCount() {
      return rows;
    }
  }
}
