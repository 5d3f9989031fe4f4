package dev.anneal.data.read;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.regex.Pattern;

/** What a parser finds wrong, without the switches of the parser that no user has. Stateless. */
final class JsonFault {
  private static final Pattern SWITCHES =
      Pattern.compile(
          ": enable `[^`]*` to allow"
              + "| \\(not recognized as one since Feature '[A-Z_]+' not enabled for parser\\)"
              + "|, from `StreamReadConstraints[^`]*`"
              + "|\\(bound as `[^`]*`\\): not allowed as per `[^`]*`"
              + "|(?<=Trailing token) \\(of type [A-Z_]+\\)");

  private JsonFault() {}

  static IllegalArgumentException of(JsonProcessingException fault) {
    String reason = SWITCHES.matcher(fault.getOriginalMessage()).replaceAll("");
    return new IllegalArgumentException("bad JSON: " + reason, fault);
  }
}
