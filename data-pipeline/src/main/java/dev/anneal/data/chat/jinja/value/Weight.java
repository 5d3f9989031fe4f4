package dev.anneal.data.chat.jinja.value;

import java.util.List;
import java.util.Map;

/**
 * How much work it is to walk a value: a list that holds itself twice, level after level, is small
 * in memory and has no end for whoever compares or prints it.
 */
public final class Weight {
  private final long most;
  private long seen;
  private long characters;

  private Weight(long most) {
    this.most = most;
  }

  /**
   * The parts of a value, counted as often as they are reached; more than {@code most}: any such.
   */
  static long of(Object value, long most) {
    Weight weight = new Weight(most);
    weight.add(value);
    return weight.seen;
  }

  /** The characters of all texts in a value that came from outside, and so ends. */
  public static long characters(Object value) {
    Weight weight = new Weight(Long.MAX_VALUE);
    weight.add(value);
    return weight.characters;
  }

  public static boolean isContainer(Object value) {
    return value instanceof List || value instanceof Map;
  }

  /** Whether whoever prints or compares a value goes on to others in it. */
  static boolean isWalked(Object value) {
    return isContainer(value) || value instanceof Namespace;
  }

  private void add(Object value) {
    seen++;
    if (value instanceof String text) {
      seen += text.length() / Run.CHARS_PER_STEP;
      characters += text.length();
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size() && seen <= most; i++) {
        add(list.get(i));
      }
    } else if (value instanceof Map<?, ?> map) {
      addAll(map);
    } else if (value instanceof Namespace namespace) {
      addAll(namespace.attributes());
    }
  }

  private void addAll(Map<?, ?> map) {
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (seen > most) {
        break;
      }
      add(entry.getKey());
      add(entry.getValue());
    }
  }
}
