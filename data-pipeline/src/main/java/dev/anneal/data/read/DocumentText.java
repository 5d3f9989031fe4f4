package dev.anneal.data.read;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The text of a document, out of plain bytes or a field of a JSON row. Stateless. */
public final class DocumentText {
  private static final char REPLACEMENT = '\uFFFD';

  private DocumentText() {}

  /** Bytes as text; {@link IllegalArgumentException} when they are not UTF-8. */
  public static String ofUtf8(byte[] content) {
    String text = new String(content, StandardCharsets.UTF_8);
    if (text.indexOf(REPLACEMENT) < 0) {
      return text;
    }
    try { // the character may stand in the text itself
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(content))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("not UTF-8 text", e);
    }
  }

  /**
   * The text of a field, empty where it is null; {@link IllegalArgumentException} when the field is
   * missing or no text.
   */
  public static String ofField(JsonNode row, String field) {
    JsonNode value = row.get(field);
    if (value == null) {
      throw new IllegalArgumentException(
          "missing field '%s' (the row has %s; the input's columns maps text to another)"
              .formatted(field, names(row)));
    }
    if (value.isNull()) {
      return "";
    }
    if (!value.isTextual()) {
      throw new IllegalArgumentException(
          "field '" + field + "' is a " + JsonRows.name(value) + " (must be text)");
    }
    return value.textValue();
  }

  private static String names(JsonNode row) {
    List<String> names = new ArrayList<>();
    row.fieldNames().forEachRemaining(names::add);
    return names.isEmpty() ? "no fields" : String.join(", ", names);
  }
}
