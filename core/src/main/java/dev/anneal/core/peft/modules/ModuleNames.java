package dev.anneal.core.peft.modules;

import dev.anneal.core.config.SettingValue;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Modules as PEFT's settings name them: a list, whose entries mean the module with that path or
 * with a path that ends with a dot and it; one regular expression that a whole path must match; or
 * {@code all-linear}, every linear module but the output head. Immutable.
 *
 * @param entries of a list; the one element {@code all-linear} is the shorthand
 * @param expression where it is one, else empty
 */
public record ModuleNames(List<String> entries, String expression) implements SettingValue {
  /** PEFT's shorthand. */
  public static final String ALL_LINEAR = "all-linear";

  /** What {@code all-linear} means in a decoder layer of every supported family. */
  private static final List<String> LAYER_LINEARS =
      List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.-]+");

  public ModuleNames {
    entries = List.copyOf(entries);
  }

  /** A list of names. */
  public static ModuleNames ofNames(List<String> names) {
    return new ModuleNames(names, "");
  }

  /** The shorthand in any case, an expression, or one name; nothing is an empty list. */
  public static ModuleNames ofText(String text) {
    if (text.isEmpty()) {
      return ofNames(List.of());
    }
    if (text.equalsIgnoreCase(ALL_LINEAR)) {
      return ofNames(List.of(ALL_LINEAR));
    }
    return PLAIN.matcher(text).matches() && !text.contains("..")
        ? ofNames(List.of(text))
        : new ModuleNames(List.of(), text);
  }

  public boolean isEmpty() {
    return entries.isEmpty() && expression.isEmpty();
  }

  public boolean isExpression() {
    return !expression.isEmpty();
  }

  /** Whether the module at a path is meant. */
  public boolean matches(String module) {
    return isExpression()
        ? PythonPattern.compile(expression).matcher(module).matches()
        : entries.stream().anyMatch(entry -> matches(entry, module));
  }

  /** The entries, or the expression as the only one. */
  public List<String> parts() {
    return isExpression() ? List.of(expression) : entries;
  }

  /** Whether one of {@link #parts} means a module. */
  public boolean matches(String part, String module) {
    if (isExpression()) {
      return PythonPattern.compile(part).matcher(module).matches();
    }
    return part.equals(ALL_LINEAR)
        ? !module.equals("lm_head") && Stream.of("_proj").anyMatch(module::endsWith)
        : module.equals(part) || module.endsWith("." + part);
  }

  /** Whether an entry is a module's whole path. */
  public boolean namesWhole(String module) {
    return entries.contains(module);
  }

  /** PEFT takes no shorthand in a list. */
  @Override
  public Object json() {
    if (isExpression()) {
      return expression;
    }
    return entries.contains(ALL_LINEAR) ? LAYER_LINEARS : entries;
  }

  /** As a reader wants to see it. */
  @Override
  public String toString() {
    return isExpression() ? expression : String.join(", ", entries);
  }
}
