package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Function;
import dev.anneal.data.chat.jinja.value.LoopState;
import dev.anneal.data.chat.jinja.value.Namespace;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.Tuple;
import dev.anneal.data.chat.jinja.value.Undefined;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Attributes, items and slices of values, in the order of look-ups that Jinja2's sandbox has. */
public final class Members {
  private Members() {}

  /** {@code owner.name}: a method or attribute first, then an item. */
  public static Object attribute(Object owner, String name) {
    Values.requireDefined(owner);
    Object own = ownAttribute(owner, name);
    if (own instanceof Undefined && owner instanceof Map<?, ?> map && map.get(name) != null) {
      return map.get(name);
    }
    return own;
  }

  /** {@code owner[key]}: an item first, then a method or attribute. */
  public static Object item(Object owner, Object key) {
    Values.requireDefined(owner);
    if (owner instanceof Map<?, ?> map && map.get(Values.requireKey(key)) != null) {
      return map.get(key);
    }
    if (key instanceof Long index && owner instanceof List<?> list) {
      long at = index < 0 ? index + list.size() : index;
      return at >= 0 && at < list.size() ? list.get((int) at) : Undefined.member(owner, key);
    }
    if (key instanceof Long index && owner instanceof String text) {
      long length = Values.length(text);
      long at = index < 0 ? index + length : index;
      return at >= 0 && at < length
          ? Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) at)))
          : Undefined.member(owner, key);
    }
    return key instanceof String name ? ownAttribute(owner, name) : Undefined.member(owner, key);
  }

  /** {@code owner[start:stop:step]}; {@link None} for a part left out. */
  public static Object slice(Object owner, Object start, Object stop, Object step) {
    Values.requireDefined(owner);
    if (!(owner instanceof List) && !(owner instanceof String)) {
      throw new TemplateException("'" + PythonText.typeName(owner) + "' cannot be sliced");
    }
    long size = Values.length(owner);
    long stride = Math.max(-size - 1, Math.min(size + 1, bound(step, 1)));
    if (stride == 0) {
      throw new TemplateException("slice step cannot be zero");
    }
    long first = clip(bound(start, stride > 0 ? 0 : size - 1), size, stride, start);
    long last =
        stop == None.NONE ? (stride > 0 ? size : -1) : clip(bound(stop, 0), size, stride, stop);
    if (owner instanceof String text && stride == 1) {
      int from = text.offsetByCodePoints(0, (int) first);
      return last <= first
          ? ""
          : text.substring(from, text.offsetByCodePoints(from, (int) (last - first)));
    }
    List<Object> items = Values.iterate(owner);
    List<Object> picked = new ArrayList<>();
    for (long i = first; stride > 0 ? i < last : i > last; i += stride) {
      picked.add(items.get((int) i));
    }
    if (owner instanceof String) {
      return Filters.concatenate(picked);
    }
    return owner instanceof Tuple ? new Tuple(picked) : picked;
  }

  private static long bound(Object value, long otherwise) {
    if (value == None.NONE) {
      return otherwise;
    }
    if (value instanceof Long number) {
      return number;
    }
    throw new TemplateException("slice indices must be int, not " + PythonText.typeName(value));
  }

  private static long clip(long index, long size, long stride, Object given) {
    long at = index < 0 && given != None.NONE ? index + size : index;
    return stride > 0 ? Math.max(0, Math.min(size, at)) : Math.max(-1, Math.min(size - 1, at));
  }

  private static Object ownAttribute(Object owner, String name) {
    if (owner == Globals.DICT && name.equals("fromkeys")) {
      return (Function) Globals::fromKeys;
    }
    if (owner instanceof Namespace namespace) {
      return namespace.get(name);
    }
    if (owner instanceof LoopState loop) {
      return loop.attribute(name);
    }
    if (owner instanceof String text) {
      return StringMethods.find(text, name);
    }
    if (owner instanceof Map<?, ?> map) {
      return CollectionMethods.find(map, name);
    }
    if (owner instanceof List<?> list) {
      return CollectionMethods.find(list, name);
    }
    return Undefined.member(owner, name);
  }
}
