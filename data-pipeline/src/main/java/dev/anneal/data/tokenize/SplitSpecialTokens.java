package dev.anneal.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/**
 * Rewrites a {@code tokenizer.json} so that no text matches a special token. The library has a
 * switch for that, which its JNI does not show. A special token that the model's vocabulary holds
 * too is dropped from the added ones; any other is renamed to private-use characters, since
 * dropping it would move the ids of the added tokens after it.
 */
final class SplitSpecialTokens {
  private SplitSpecialTokens() {}

  static String rewrite(String json) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    JsonNode root = mapper.readTree(json);
    JsonNode vocab = root.path("model").path("vocab");
    ArrayNode kept = mapper.createArrayNode();
    for (JsonNode token : root.path("added_tokens")) {
      String content = token.path("content").asText();
      if (!token.path("special").asBoolean()) {
        kept.add(token);
      } else if (!(vocab.isObject() ? vocab.has(content) : hasPiece(vocab, content))) {
        ObjectNode renamed = token.deepCopy();
        kept.add(
            renamed.put("content", "\uE000\uF8FF" + token.path("id").asInt() + "\uE000\uF8FF"));
      }
    }
    ((ObjectNode) root).set("added_tokens", kept);
    return mapper.writeValueAsString(root);
  }

  private static boolean hasPiece(JsonNode vocab, String content) {
    for (JsonNode piece : vocab) {
      if (piece.path(0).asText().equals(content)) {
        return true;
      }
    }
    return false;
  }
}
