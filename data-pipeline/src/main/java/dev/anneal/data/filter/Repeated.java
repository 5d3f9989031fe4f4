package dev.anneal.data.filter;

import dev.anneal.data.text.TextView;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Parts of a text that stood in it before.
 *
 * @param parts of the text, repeated or not
 * @param again parts that are equal to an earlier one
 * @param characters of those
 */
record Repeated(int parts, int again, long characters) {
  static Repeated of(List<String> parts) {
    Set<String> seen = new HashSet<>();
    int again = 0;
    long characters = 0;
    for (String part : parts) {
      if (!seen.add(part)) {
        again++;
        characters += TextView.length(part);
      }
    }
    return new Repeated(parts.size(), again, characters);
  }

  double share() {
    return parts == 0 ? 0 : (double) again / parts;
  }
}
