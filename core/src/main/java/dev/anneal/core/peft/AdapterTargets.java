package dev.anneal.core.peft;

import java.util.List;
import java.util.regex.Pattern;

/**
 * {@code target_modules} of an existing adapter. Immutable.
 *
 * @param names its entries; the one element {@code all-linear} is PEFT's shorthand
 * @param pattern where it is one regular expression, else empty
 */
record AdapterTargets(List<String> names, String pattern) {
  AdapterTargets {
    names = List.copyOf(names);
  }

  /** As a reader wants to see it. */
  @Override
  public String toString() {
    return pattern.isEmpty() ? String.join(", ", names) : pattern;
  }

  /** The entries; an expression becomes the list of the paths that it matches as a whole. */
  List<String> resolve(List<String> modulePaths) {
    if (pattern.isEmpty()) {
      return names;
    }
    Pattern whole = PythonPattern.compile(pattern);
    return modulePaths.stream().filter(path -> whole.matcher(path).matches()).toList();
  }
}
