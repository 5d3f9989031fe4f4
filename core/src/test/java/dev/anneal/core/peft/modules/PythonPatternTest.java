package dev.anneal.core.peft.modules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;

/** Against what Python and PEFT say: {@code interop/fixtures/record_patterns.py}. */
class PythonPatternTest {
  @Test
  void matchesWhatPythonMatches() throws IOException {
    JsonNode recorded = recorded();
    assertThat(recorded.get("expressions")).hasSize(13);
    for (JsonNode each : recorded.get("expressions")) {
      String expression = each.get("expression").asText();
      for (int i = 0; i < recorded.get("names").size(); i++) {
        String name = recorded.get("names").get(i).asText();
        assertThat(PythonPattern.compile(expression).matcher(name).matches())
            .as("%s on %s", expression, name)
            .isEqualTo(each.get("matched").get(i).asBoolean());
      }
    }
  }

  @Test
  void ofSeveralPatternsTheFirstInTheirOrderCounts() throws IOException {
    JsonNode recorded = recorded();
    for (JsonNode each : recorded.get("patterns")) {
      Map<String, Integer> patterns = new LinkedHashMap<>();
      each.get("pattern")
          .fields()
          .forEachRemaining(e -> patterns.put(e.getKey(), e.getValue().asInt()));
      for (int i = 0; i < recorded.get("names").size(); i++) {
        String name = recorded.get("names").get(i).asText();
        JsonNode value = each.get("values").get(i);
        // Python's $ also stands before a last line end, which no module name has.
        if (!name.endsWith("\n")) {
          assertThat(ModulePattern.find(patterns, name).map(String::valueOf).orElse("null"))
              .as("%s on %s", patterns, name)
              .isEqualTo(value.asText());
        }
      }
    }
  }

  @Test
  void refusesWhatIsNoExpression() {
    for (String bad : new String[] {"(", "(?P<n", "[a", "(?P<n>a)(?(n)b|c)", "a**"}) {
      assertThatThrownBy(() -> PythonPattern.compile(bad))
          .as(bad)
          .isInstanceOf(PatternSyntaxException.class);
    }
  }

  private static JsonNode recorded() throws IOException {
    try (InputStream in = PythonPatternTest.class.getResourceAsStream("/peft/patterns.json")) {
      return new ObjectMapper().readTree(in);
    }
  }
}
