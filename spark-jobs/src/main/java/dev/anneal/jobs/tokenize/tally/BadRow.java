package dev.anneal.jobs.tokenize.tally;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.data.read.SourceRow;
import dev.anneal.data.read.WellFormedUtf8;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * A row that was set aside.
 *
 * @param slice index of its slice within the split
 * @param number its line or element within the slice, from 1
 * @param row its beginning, as {@code row} where it is text, else as {@code row_base64}
 */
public record BadRow(int slice, long number, String reason, ObjectNode row) {
  private static final int MAX_BYTES = 1 << 16;

  public static BadRow of(int slice, SourceRow row, String reason) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    int end = Math.min(row.end(), row.start() + MAX_BYTES);
    for (int i = 0; i < 3 && end < row.end() && (row.bytes()[end] & 0xC0) == 0x80; i++) {
      end--; // not inside a character
    }
    int length = end - row.start();
    if (WellFormedUtf8.isText(row.bytes(), row.start(), end)) {
      node.put("row", new String(row.bytes(), row.start(), length, StandardCharsets.UTF_8));
    } else {
      byte[] content = Arrays.copyOfRange(row.bytes(), row.start(), end);
      node.put("row_base64", Base64.getEncoder().encodeToString(content));
    }
    if (end < row.end()) {
      node.put("row_bytes", row.length());
    }
    return new BadRow(slice, row.number(), reason, node);
  }

  /** One line of a staged file. */
  public byte[] toLine() {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.put("slice", slice).put("number", number).put("reason", reason).set("row", row);
    return (line + "\n").getBytes(StandardCharsets.UTF_8);
  }

  public static BadRow ofLine(JsonNode line) {
    return new BadRow(
        line.get("slice").asInt(),
        line.get("number").asLong(),
        line.get("reason").asText(),
        (ObjectNode) line.get("row"));
  }
}
