package dev.anneal.data.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.data.chat.jinja.value.Rendering;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A hostile template, or a hostile row, ends soon, in little memory, with a reason. */
class TemplateLimitsTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-05T16:07:09Z"), ZoneOffset.UTC);

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %} # in all",
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
            + " in all",
        "{% set s = 'a' * 999999 %}{% for a in range(99999) %}{% set x = s | reverse %}{% endfor %}"
            + " # in all",
        "{% set s = 'a' * 999999 %}{% for a in range(99999) %}{% set x = s.upper() %}{% endfor %} #"
            + " in all",
        "{% for c in 'a' * 9999999 %}{% endfor %} # walks a text of more than",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{{ ns.s }} # parts",
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
        "{{ 2 ** 99999 }} # overflow",
        // Every value counts, also those that a filter, a method or a loop makes on its way.
        "{% set ns = namespace(l=[]) %}{% for i in range(99) %}"
            + "{% set ns.l = ns.l + ['a' * 16000000] %}{% endfor %} # in all",
        "{% set x = ['a' * 16000000, 'b' * 16000000, 'c' * 16000000, 'd' * 16000000, 'e' * 9999999]"
            + " %} # in all",
        "{% set ns = namespace(l=0) %}{% for i in range(99999) %}{% for j in range(99) %}"
            + "{% set ns.l = [ns.l, i] %}{% endfor %}{% endfor %} # in all",
        "{% set ns = namespace(l=0) %}{% for i in range(99999) %}{% for j in range(99) %}"
            + "{% set ns.l = namespace(a=ns.l) %}{% endfor %}{% endfor %} # in all",
        "{% set ns = namespace(l=0) %}{% for i in range(99999) %}{% for j in range(99) %}"
            + "{% macro f() %}{% endmacro %}{% set ns.l = (ns.l, f) %}{% endfor %}{% endfor %}"
            + " # in all",
        "{% set l = range(99999) | list %}{% set ns = namespace(l=0) %}{% for i in l %}"
            + "{% for j in l %}{% set ns.l = (ns.l, loop) %}{% break %}{% endfor %}{% endfor %}"
            + " # in all",
        "{% set x = ('a,' * 8000000).split(',') %} # in all",
        "{% set x = ('a ' * 8000000).split() %} # in all",
        "{% set x = ('a\\n' * 8000000).splitlines() %} # in all",
        "{% set x = ('a ' * 8000000) | wordcount %} # in all",
        "{{ [1] | batch(1000000000, 'x') | length }} # in all",
        "{{ ('\u0001' * 9999999) | tojson }} # characters",
        "{{ ['\u0001' * 9999999] | string }} # characters",
        "{{ [[[[1]]]] | tojson(indent='a' * 9999999) }} # characters",
        "{{ 'a' | indent('b' * 16777216, true) }} # characters",
        "{% set ns = namespace(a=1) %}{% set ns.a = [ns, ns] %}{{ ns.a }} # too deeply",
        "{% set ns = namespace(s=1) %}{% for i in range(99) %}"
            + "{% set ns.s = namespace(a=ns.s, b=ns.s) %}{% endfor %}{{ ns.s }} # parts",
        "{% set ns = namespace(s=1) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{{ 'a' ~ ns.s }} # parts",
        "{% set ns = namespace(s=1) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{{ [ns.s] | join }} # parts",
        "{% set ns = namespace(s=1) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{{ [ns.s] | map('tojson') | list }} # parts",
        "{% set ns = namespace(s=1) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{{ [ns.s] | select('eq', ns.s) | list }} # parts",
        "{% set ns = namespace(s=1) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{{ ns.s | wordcount }} # parts",
        "{% set ns = namespace(s=1) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% endfor %}{% for i in [1, 2] %}{% if loop.changed(ns.s) %}{% endif %}{% endfor %}"
            + " # parts",
        "{% set s = 'a' * 8000000 %}{% set t = 'a' * 8000000 %}{% for i in range(99999) %}"
            + "{% if s == t ~ '' %}{% endif %}{% endfor %} # in all",
        "{% set s = 'a' * 8000000 %}{% set t = 'a' * 8000000 %}{% for i in range(99999) %}"
            + "{% if s == t or s < t or s is eq(t) or s in [t] %}{% endif %}{% endfor %} # steps",
        "{% set s = 'a' * 8000000 %}{% set t = 'a' * 4000000 ~ 'b' %}{% for i in range(99999) %}"
            + "{% if t in s or s.find(t) > 0 or s.count(t) or s.rfind(t) > 0 %}{% endif %}"
            + "{% endfor %} # steps",
        "{% set s = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = s[7999999] %}{% endfor %}"
            + " # steps",
        "{% set s = 'a' * 999999 %}{% for i in range(99999) %}{% set x = s[::2] %}{% endfor %}"
            + " # steps",
        "{% macro f() %}{% endmacro %}{% set l = range(99999) | list %}"
            + "{% for i in range(99999) %}{{ f(*l) }}{% endfor %} # in all",
        "{% set d = dict() %}{% set l = range(99999) | list %}"
            + "{% for i in range(99999) %}{% set x = dict.fromkeys(l, 1) %}{% endfor %} # in all",
        "{{ ('9' * 5000) | int(-1) * 10 ** 19 }} # overflow",
        "{{ '99999999999999999999' | int }} # more than 64 bits",
        "{{ 1e300 | int }} # more than 64 bits",
        "{{ (1e308 * 10) | int }} # cannot convert float infinity to integer",
        "{{ (1e308 * 10) | round(0, 'ceil') }} # cannot convert float inf to integer",
        "{{ 10.0 ** 400 }} # too large",
        "{{ range(0, 9223372036854775807, 4611686018427387904) | length - 9 ** 99 }} # overflow",
        "{{ raise_exception('a' * 9999999) }} # aaa...",
        "{{ [1, 2][0:1:9223372036854775807] ~ 9 ** 99 }} # overflow",
        "{% set s = 'z' * 999999 %}{% set c = 'ab' * 99999 ~ 'z' %}{% for i in range(99999) %}"
            + "{% set x = s.strip(c) %}{% endfor %} # steps",
        "{{ [1] | map(attribute='99999999999999999999') | list }} # cannot be evaluated",
        "{{ '%Y' * 9 ~ strftime_now('%9' * 9999) }} # characters (at most"
      })
  void stopsAProgramWithoutEnd(String source, String reason) {
    long start = System.nanoTime();
    assertThatThrownBy(() -> render(source))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining(reason);
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(20));
  }

  @Test
  void givesALongConversationItsRoom() {
    String text = "words and more, ".repeat(400_000); // 6.4 million characters
    Map<String, Object> variables = Map.of("x", text);
    String source =
        "{% set ns = namespace(t='') %}{% for part in x.split('|') %}{{ part | trim }}"
            + "{{ x.strip().lstrip(' ').replace('|', '') }}{% endfor %}{{ x[:5] }}{{ x | length }}";
    assertThat(Template.parse(source).render(variables, CLOCK).text())
        .hasSizeGreaterThan(2 * text.length() - 10);
  }

  private static Rendering render(String source) {
    return Template.parse(source).render(Map.of(), CLOCK);
  }
}
