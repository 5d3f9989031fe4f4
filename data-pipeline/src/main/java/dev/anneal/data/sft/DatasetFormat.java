package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.config.ConfigException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The shapes in which instruction rows come. */
public enum DatasetFormat {
  /**
   * {@code instruction}, {@code input}, {@code output}; optional {@code system}, {@code history}.
   */
  ALPACA("alpaca", "history"),
  /**
   * {@code conversations} of {@code from} and {@code value}, as ShareGPT and BelleGroup have; or
   * {@code conversation} of pairs of {@code human} and {@code assistant}.
   */
  SHAREGPT("sharegpt", "conversations", "conversation"),
  /** {@code messages} of {@code role} and {@code content}, as OpenAI has. */
  MESSAGES("messages", "messages", "conversations"),
  /** {@code prompt} and {@code completion}, texts or lists of messages. */
  PROMPT_COMPLETION("prompt_completion", "prompt", "completion"),
  /** {@code query} and {@code response}; optional {@code system}, {@code history}. */
  QUERY_RESPONSE("query_response", "history");

  private final String key;
  private final List<String> structures;

  DatasetFormat(String key, String... structures) {
    this.key = key;
    this.structures = List.of(structures);
  }

  /** Its fields that hold lists of turns, or may. */
  List<String> structures() {
    return structures;
  }

  /** The name in a configuration. */
  public String key() {
    return key;
  }

  /** The format of a configured name; {@link ConfigException} lists the names. */
  public static DatasetFormat of(String key) {
    return Arrays.stream(values())
        .filter(format -> format.key.equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigException(
                    "Invalid dataset_format: " + key + " (must be one of " + keys() + ")"));
  }

  /** The format that a row's fields tell. */
  static Optional<DatasetFormat> detect(RowFields fields) {
    if (fields.get("messages").isArray()) {
      return Optional.of(MESSAGES);
    }
    for (String name : new String[] {"conversations", "conversation"}) {
      JsonNode turns = fields.get(name);
      if (turns.isArray()) {
        return Optional.of(turns.path(0).has("role") ? MESSAGES : SHAREGPT);
      }
    }
    if (fields.has("instruction") && fields.has("output")) {
      return Optional.of(ALPACA);
    }
    if (fields.has("query") && fields.has("response")) {
      return Optional.of(QUERY_RESPONSE);
    }
    return fields.has("prompt") && fields.has("completion")
        ? Optional.of(PROMPT_COMPLETION)
        : Optional.empty();
  }

  private static String keys() {
    return Arrays.stream(values()).map(DatasetFormat::key).collect(Collectors.joining(", "));
  }
}
