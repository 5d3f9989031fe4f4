package dev.anneal.data.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
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
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %} # steps",
        "{{ range(10 ** 9) | length }} # range too big (at most 100000)",
        "{{ 'a' * 999999999999 }} # characters",
        "{{ ('a' * 99999) | replace('a', 'b' * 99999) }} # characters",
        "{{ ('a' * 99999) | join('b' * 99999) }} # characters",
        "{{ ('b' * 99999).join(range(99999)) }} # characters",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}"
            + "{% endfor %} # characters",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}"
            + "{% endfor %} # characters",
        "{% macro a(x) %}{{ a(x) ~ a(x) }}{% endmacro %}{{ a(1) }} # nests more than 120 calls",
        "{% macro a(x) %}{% call a(x) %}{% endcall %}{% endmacro %}{{ a(1) }} # nests more than",
        "{% set s = 'a' * 99999 %}{% for a in range(99999) %}{{ s }}{% endfor %} # characters",
        "{% set s = 'a' * 999999 %}{% for a in range(99999) %}{% set x = s | list %}{% endfor %} #"
            + " steps",
        "{% set s = 'a' * 999999 %}{% for a in range(99999) %}{% set x = s | reverse %}{% endfor %}"
            + " # steps",
        "{% set s = 'a' * 999999 %}{% for a in range(99999) %}{% set x = s.upper() %}{% endfor %} #"
            + " steps",
        "{% for c in 'a' * 9999999 %}{% endfor %} # walks a text of more than",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{{ ns.s }} # characters",
        "{% set ns = namespace(s=1) %}{% for i in range(99) %}{% set ns.s = {'a': ns.s, 'b': ns.s}"
            + " %}{% endfor %}{{ ns.s | tojson }} # parts",
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% set ns.t = (ns.t, ns.t) | list %}{% endfor %}{{ ns.s == ns.t }} # parts",
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s is eq(ns.t) }} # parts",
        "{% set ns = namespace(s=(1, 1)) %}{% for i in range(99) %}{% set ns.s = (ns.s, ns.s) %}"
            + "{% endfor %}{{ {ns.s: 1} }} # unhashable",
        "{% set l = range(99999) | list %}{% for i in l %}{% set x = l | sort %}{% endfor %} #"
            + " steps",
        "{{ 2 ** 99999 }} # overflow"
      })
  void stopsAProgramWithoutEnd(String source, String reason) {
    long start = System.nanoTime();
    assertThatThrownBy(() -> render(source))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining(reason);
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(20));
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
    ObjectMapper json = new ObjectMapper();
    try (BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(
                    TemplateTest.class.getResourceAsStream("/text/jinja.jsonl"),
                    StandardCharsets.UTF_8));
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
