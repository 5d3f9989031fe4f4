package dev.anneal.data.chat.jinja.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.chat.jinja.TemplateTest;
import java.io.IOException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrftimeTest {
  /** What Python gives, recorded by {@code interop/fixtures/make_strftime.py}. */
  @Test
  void formatsDatesAsPythonDoes() throws IOException {
    List<JsonNode> rows = TemplateTest.rows("/text/strftime.jsonl");
    List<LocalDateTime> dates = dates(rows.get(0).get("dates"));
    List<LocalDateTime> few = dates(rows.get(1).get("few"));
    for (JsonNode row : rows.subList(2, rows.size())) {
      String format = row.get("format").asText();
      JsonNode texts = row.get("texts");
      for (int i = 0; i < texts.size(); i++) {
        LocalDateTime date = (texts.size() == few.size() ? few : dates).get(i);
        assertThat(Strftime.format(format, date.atZone(ZoneOffset.UTC)))
            .as(format + " " + date)
            .isEqualTo(texts.get(i).asText());
      }
    }
  }

  private static List<LocalDateTime> dates(JsonNode texts) {
    List<LocalDateTime> dates = new ArrayList<>();
    texts.forEach(text -> dates.add(LocalDateTime.parse(text.asText())));
    return dates;
  }
}
