package dev.anneal.data.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.data.chat.jinja.value.Rendering;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.TemplateValues;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

public class TemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-05T16:07:09Z"), ZoneOffset.UTC);

  /** Recorded by {@code interop/fixtures/make_jinja.py}. */
  @Test
  void rendersOrRefusesWhatJinja2Does() throws IOException {
    List<JsonNode> rows = rows();
    Map<String, Object> variables = new LinkedHashMap<>();
    rows.get(0)
        .get("variables")
        .fields()
        .forEachRemaining(
            field -> variables.put(field.getKey(), TemplateValues.of(field.getValue())));
    SoftAssertions soft = new SoftAssertions();
    for (JsonNode row : rows.subList(1, rows.size())) {
      String source = row.get("source").asText();
      String expected = row.has("expected") ? row.get("expected").asText() : "refused";
      String actual;
      try {
        actual = Template.parse(source).render(variables, CLOCK).text();
      } catch (TemplateException e) {
        actual = "refused";
      }
      soft.assertThat(actual).as(source).isEqualTo(expected);
    }
    soft.assertAll();
  }

  @Test
  void notesWhatTheGenerationTagsHold() {
    Rendering rendering =
        render("a{% generation %}b中{% endgeneration %}c{% generation %}{% endgeneration %}");
    assertThat(rendering.text()).isEqualTo("ab中c");
    assertThat(rendering.generated())
        .containsExactly(new Rendering.Span(1, 3), new Rendering.Span(4, 4));
  }

  @Test
  void formatsTheDateOfItsClock() {
    assertThat(
            render("{{ strftime_now('%d %b %Y|%A %B %j|%Y-%m-%d %H:%M:%S|%I%p %y %%') }}").text())
        .isEqualTo("05 Mar 2026|Thursday March 064|2026-03-05 16:07:09|04PM 26 %");
  }

  @Test
  void readsAndRoundsNumbersAsPythonDoes() {
    assertThat(
            render(
                    "{{ ('9' * 5000) | int }} {{ '0x1F' | int(0, 16) }} {{ '1_000' | int }}"
                        + " {{ '42.9' | int }} {{ 'x' | int(7) }} {{ 'nan' | int }}"
                        + " {{ '1d' | float }} {{ ' 1e3 ' | float }} {{ 'inf' | float }}"
                        + " {{ 5 | round }} {{ 25 | round(-1) }} {{ 2.5 | round }}"
                        + " {{ (1e308 * 10) | round }} {{ -0.4 | round }} {{ 2.345 | round(2) }}"
                        + " {{ 2.1 | round(0, 'ceil') }} {{ 42.55 | round(1, 'floor') }}")
                .text())
        .isEqualTo("0 31 1000 42 7 0 0.0 1000.0 inf 5 20 2.0 inf -0.0 2.35 3.0 42.5");
  }

  @Test
  void saysWhichLineIsWrong() {
    assertThatThrownBy(() -> Template.parse("a\n{% if x %}\n{{ 1 + }}\n{% endif %}"))
        .isInstanceOf(TemplateException.class)
        .hasMessage("line 3: unexpected '}}'");
    assertThatThrownBy(() -> Template.parse("{% import 'x' %}"))
        .hasMessage("line 1: unknown tag 'import'");
    assertThatThrownBy(() -> render("{{ raise_exception('Roles must alternate!') }}"))
        .hasMessage("Roles must alternate!");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.getClass().forName('java.lang.Runtime') }}",
        "{{ ''['class'].name }}",
        "{{ x.class.classLoader }}",
        "{{ x.stream().toList() }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ raise_exception.__globals__['os'] }}",
        "{{ range.getClass().getName() }}",
        "{{ namespace.__init__.__globals__ }}",
        "{% for i in [1] %}{{ loop.getClass().getName() }}{% endfor %}",
        "{% set ns = namespace(a=1) %}{{ ns.getClass().getName() }}",
        "{% set ns = namespace() %}{% set ns.__class__ = 1 %}",
        "{{ x.append(1) }}",
        "{{ x.clear() }}",
        "{{ dict(a=1).put('b', 2) }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as p %}",
        "{{ self.__init__ }}"
      })
  void reachesNothingOutsideItsValues(String source) {
    Map<String, Object> variables = new LinkedHashMap<>(Map.of("x", List.of(1L)));
    assertThatThrownBy(() -> Template.parse(source).render(variables, CLOCK))
        .isInstanceOf(TemplateException.class);
    assertThat(variables).isEqualTo(Map.of("x", List.of(1L)));
  }

  @Test
  void stopsAtDeepNesting() {
    String brackets = "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}";
    assertThatThrownBy(() -> Template.parse(brackets)).isInstanceOf(TemplateException.class);
    String ifs = "{% if 1 %}".repeat(5000) + "{% endif %}".repeat(5000);
    assertThatThrownBy(() -> Template.parse(ifs)).isInstanceOf(TemplateException.class);
    String sum = "{{ 1" + "+1".repeat(200_000) + " }}";
    assertThatThrownBy(() -> render(sum)).isInstanceOf(TemplateException.class);
  }

  private static Rendering render(String source) {
    return Template.parse(source).render(Map.of(), CLOCK);
  }

  private static List<JsonNode> rows() throws IOException {
    return rows("/text/jinja.jsonl");
  }

  public static List<JsonNode> rows(String resource) throws IOException {
    ObjectMapper json = new ObjectMapper();
    try (BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(
                    TemplateTest.class.getResourceAsStream(resource), StandardCharsets.UTF_8));
        Stream<String> lines = reader.lines()) {
      return lines.map(line -> parse(json, line)).toList();
    }
  }

  private static JsonNode parse(ObjectMapper json, String line) {
    try {
      return json.readTree(line);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
