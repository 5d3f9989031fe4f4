package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.Function;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.Undefined;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Jinja's tests: what may stand after {@code is}. */
public final class Tests {
  /** One test of a value. */
  interface Test {
    boolean holds(Object value, Arguments arguments);
  }

  private static final Map<String, Test> ALL =
      Map.ofEntries(
          Map.entry("defined", (v, a) -> !(v instanceof Undefined)),
          Map.entry("undefined", (v, a) -> v instanceof Undefined),
          Map.entry("none", (v, a) -> v == None.NONE),
          Map.entry("boolean", (v, a) -> v instanceof Boolean),
          Map.entry("true", (v, a) -> Boolean.TRUE.equals(v)),
          Map.entry("false", (v, a) -> Boolean.FALSE.equals(v)),
          Map.entry("integer", (v, a) -> v instanceof Long),
          Map.entry("float", (v, a) -> v instanceof Double),
          Map.entry("number", (v, a) -> Values.isNumber(v)),
          Map.entry("string", (v, a) -> v instanceof String),
          Map.entry("mapping", (v, a) -> v instanceof Map),
          Map.entry("sequence", (v, a) -> isCollection(v)),
          Map.entry("iterable", (v, a) -> isCollection(v)),
          Map.entry("callable", (v, a) -> v instanceof Function),
          Map.entry("even", (v, a) -> Math.floorMod(whole(v), 2L) == 0),
          Map.entry("odd", (v, a) -> Math.floorMod(whole(v), 2L) == 1),
          Map.entry("divisibleby", (v, a) -> divides(whole(v), whole(a.require(0, "num")))),
          Map.entry("lower", (v, a) -> StringMethods.isLower(PythonText.str(v))),
          Map.entry("upper", (v, a) -> StringMethods.isUpper(PythonText.str(v))),
          Map.entry("sameas", (v, a) -> same(v, a.require(0, "other"))),
          Map.entry("in", (v, a) -> Values.contains(a.require(0, "seq"), v)),
          Map.entry("eq", (v, a) -> Values.equal(v, a.require(0, "other"))),
          Map.entry("equalto", (v, a) -> Values.equal(v, a.require(0, "other"))),
          Map.entry("==", (v, a) -> Values.equal(v, a.require(0, "other"))),
          Map.entry("ne", (v, a) -> !Values.equal(v, a.require(0, "other"))),
          Map.entry("!=", (v, a) -> !Values.equal(v, a.require(0, "other"))),
          Map.entry("lt", (v, a) -> Values.compare(v, a.require(0, "other")) < 0),
          Map.entry("lessthan", (v, a) -> Values.compare(v, a.require(0, "other")) < 0),
          Map.entry("<", (v, a) -> Values.compare(v, a.require(0, "other")) < 0),
          Map.entry("le", (v, a) -> Values.compare(v, a.require(0, "other")) <= 0),
          Map.entry("<=", (v, a) -> Values.compare(v, a.require(0, "other")) <= 0),
          Map.entry("gt", (v, a) -> Values.compare(v, a.require(0, "other")) > 0),
          Map.entry("greaterthan", (v, a) -> Values.compare(v, a.require(0, "other")) > 0),
          Map.entry(">", (v, a) -> Values.compare(v, a.require(0, "other")) > 0),
          Map.entry("ge", (v, a) -> Values.compare(v, a.require(0, "other")) >= 0),
          Map.entry(">=", (v, a) -> Values.compare(v, a.require(0, "other")) >= 0),
          Map.entry("filter", (v, a) -> Filters.find(PythonText.str(v)).isPresent()),
          Map.entry("test", (v, a) -> find(PythonText.str(v)).isPresent()));

  /** Those that may walk their values to the leaves. */
  private static final Set<String> WALKING =
      Set.of(
          "lower",
          "upper",
          "in",
          "eq",
          "equalto",
          "==",
          "ne",
          "!=",
          "lt",
          "lessthan",
          "<",
          "le",
          "<=",
          "gt",
          "greaterthan",
          ">",
          "ge",
          ">=",
          "filter",
          "test");

  private Tests() {}

  public static Optional<Test> find(String name) {
    return Optional.ofNullable(ALL.get(name));
  }

  static Test require(String name) {
    return find(name).orElseThrow(() -> new TemplateException("No test named '" + name + "'"));
  }

  /** Whether a value passes a test, what it costs counted. */
  public static boolean holds(String name, Object value, Arguments arguments, Run run) {
    run.step();
    if (WALKING.contains(name)) {
      run.chargeWalk(value);
      arguments.positional().forEach(run::chargeWalk);
      arguments.named().values().forEach(run::chargeWalk);
    }
    return require(name).holds(value, arguments);
  }

  private static boolean isCollection(Object value) {
    return value instanceof String
        || value instanceof List
        || value instanceof Map
        || value instanceof Undefined;
  }

  private static long whole(Object value) {
    if (value instanceof Long number) {
      return number;
    }
    Values.requireDefined(value);
    throw new TemplateException("expected int, not " + PythonText.typeName(value));
  }

  private static boolean divides(long value, long divisor) {
    if (divisor == 0) {
      throw new TemplateException("integer modulo by zero");
    }
    return value % divisor == 0;
  }

  private static boolean same(Object left, Object right) {
    boolean constant = left instanceof Boolean || left == None.NONE || left instanceof Long;
    return constant ? left.equals(right) : left == right;
  }
}
