package dev.anneal.core.config;

import java.lang.reflect.RecordComponent;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** Every key there is, read off the records. Immutable. */
public final class KnownKeys {
  private final Set<String> sections = new LinkedHashSet<>();
  private final Set<String> leaves = new LinkedHashSet<>();

  public KnownKeys(Class<?> root) {
    collect("", root);
  }

  public Set<String> leaves() {
    return leaves;
  }

  public boolean isSection(String path) {
    return sections.contains(path);
  }

  boolean isLeaf(String path) {
    return leaves.contains(path);
  }

  /** The key a user most likely meant. */
  String nearest(String path) {
    return Stream.concat(leaves.stream(), sections.stream())
        .min(
            Comparator.comparingInt((String known) -> distance(path, known))
                .thenComparingInt(known -> EditDistance.between(path, known)))
        .orElseThrow();
  }

  /** Camel case of a component to the snake case of its key. */
  public static String key(RecordComponent component) {
    SettingName name = component.getAnnotation(SettingName.class);
    if (name != null) {
      return name.value();
    }
    return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  /** A record that stands for a section, not one that is read from one text. */
  static boolean isSectionType(Class<?> type) {
    return type.isRecord()
        && !RecordBinder.isParsed(type)
        && !SettingValue.class.isAssignableFrom(type);
  }

  private void collect(String prefix, Class<?> type) {
    for (RecordComponent component : type.getRecordComponents()) {
      String path = prefix + key(component);
      if (component.getType() == MethodSettings.class) {
        MethodKeys.all().forEach(key -> leaves.add(prefix + key));
      } else if (isSectionType(component.getType())) {
        sections.add(path);
        collect(path + ".", component.getType());
      } else {
        leaves.add(path);
      }
    }
  }

  /** Whole paths compared, or last names alone when the section is missing or wrong. */
  private static int distance(String given, String known) {
    int whole = EditDistance.between(given, known);
    boolean sameSection = section(given).equals(section(known));
    int last = EditDistance.between(last(given), last(known)) + (sameSection ? 0 : 1);
    return Math.min(whole, last);
  }

  private static String section(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }

  private static String last(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }
}
