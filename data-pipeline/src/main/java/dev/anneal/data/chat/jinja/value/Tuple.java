package dev.anneal.data.chat.jinja.value;

import java.util.AbstractList;
import java.util.List;

/** Python's {@code tuple}: a list that prints with round brackets. Immutable. */
public final class Tuple extends AbstractList<Object> {
  private final List<Object> items;

  public Tuple(List<?> items) {
    this.items = List.copyOf(items);
  }

  public static Tuple of(Object... items) {
    return new Tuple(List.of(items));
  }

  @Override
  public Object get(int index) {
    return items.get(index);
  }

  @Override
  public int size() {
    return items.size();
  }
}
