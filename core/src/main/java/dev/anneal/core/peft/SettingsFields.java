package dev.anneal.core.peft;

import dev.anneal.core.config.KnownKeys;
import dev.anneal.core.config.SettingValue;
import dev.anneal.core.peft.modules.TrainingOnly;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The components of a method's settings as fields of adapter_config.json. Stateless. */
final class SettingsFields {
  private SettingsFields() {}

  /** The names of all settings, in the record's order. */
  static Set<String> keys(Class<? extends Record> type) {
    Set<String> keys = new LinkedHashSet<>();
    for (RecordComponent component : type.getRecordComponents()) {
      keys.add(KnownKeys.key(component));
    }
    return keys;
  }

  /** The names of the settings that adapter_config.json has not. */
  static Set<String> trainingOnlyKeys(Class<? extends Record> type) {
    Set<String> keys = new LinkedHashSet<>();
    for (RecordComponent component : type.getRecordComponents()) {
      if (component.isAnnotationPresent(TrainingOnly.class)) {
        keys.add(KnownKeys.key(component));
      }
    }
    return keys;
  }

  /** What adapter_config.json says of the settings, in the record's order. */
  static Map<String, Object> exported(Record settings) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (RecordComponent component : settings.getClass().getRecordComponents()) {
      if (!component.isAnnotationPresent(TrainingOnly.class)) {
        fields.put(KnownKeys.key(component), json(value(component, settings)));
      }
    }
    return fields;
  }

  /** The settings that adapter_config.json has not, in the record's order. */
  static Map<String, Object> trainingOnly(Record settings) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (RecordComponent component : settings.getClass().getRecordComponents()) {
      if (component.isAnnotationPresent(TrainingOnly.class)) {
        fields.put(KnownKeys.key(component), value(component, settings));
      }
    }
    return fields;
  }

  private static Object json(Object value) {
    if (value instanceof SettingValue setting) {
      return setting.json();
    }
    if (value instanceof Enum<?> choice) {
      return choice.toString().toLowerCase(Locale.ROOT);
    }
    // PEFT's lists without an entry are null
    return value instanceof List<?> list && list.isEmpty() ? null : value;
  }

  private static Object value(RecordComponent component, Record settings) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(settings);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot read " + component, e);
    }
  }
}
