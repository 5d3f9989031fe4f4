package dev.anneal.core.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** Builds records from configuration values; every message names key, value, rule and origin. */
final class RecordBinder {
  private RecordBinder() {}

  /** Whether a record is read from one text by its static {@code parse}. */
  static boolean isParsed(Class<?> type) {
    for (Method method : type.getDeclaredMethods()) {
      if (method.getName().equals("parse") && Modifier.isStatic(method.getModifiers())) {
        return true;
      }
    }
    return false;
  }

  /** Builds a record; {@code values} gives the value of each leaf by its full path. */
  static <T> T bind(Class<T> type, String prefix, Function<String, ConfigValue> values) {
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] arguments = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      arguments[i] = component(components[i], prefix, values);
    }
    try {
      return type.getDeclaredConstructor(types).newInstance(arguments);
    } catch (InvocationTargetException e) {
      throw unwrapped(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot build " + type.getName(), e);
    }
  }

  private static Object component(
      RecordComponent component, String prefix, Function<String, ConfigValue> values) {
    String path = prefix + KnownKeys.key(component);
    if (component.getType() == MethodSettings.class) {
      return methodSettings(prefix, values);
    }
    return KnownKeys.isSectionType(component.getType())
        ? bind(component.getType(), path + ".", values)
        : convert(values.apply(path), component.getGenericType(), path);
  }

  private static MethodSettings methodSettings(
      String prefix, Function<String, ConfigValue> values) {
    Map<String, ConfigValue> given = new LinkedHashMap<>();
    for (String key : MethodKeys.all()) {
      ConfigValue value = values.apply(prefix + key);
      if (value != null) {
        given.put(key, value);
      }
    }
    return MethodSettings.of(given);
  }

  private static Object convert(ConfigValue value, Type type, String path) {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      return generic.getRawType() == List.class
          ? list(value, arguments[0], path)
          : map(value, arguments[1], path);
    }
    Class<?> target = (Class<?>) type;
    if (SettingValue.class.isAssignableFrom(target)) {
      return settingValue(value, target, path);
    }
    if (target.isAnnotationPresent(ElementDefaults.class)) {
      return element(value, target, path);
    }
    return target.isRecord() ? parsed(value, target, path) : Scalars.convert(value, target, path);
  }

  private static List<Object> list(ConfigValue value, Type element, String path) {
    List<ConfigValue> items = new ArrayList<>();
    if (value.valueType() == ConfigValueType.LIST) {
      ((ConfigList) value).forEach(items::add);
    } else if (!"".equals(value.unwrapped())) {
      items.add(value);
    }
    List<Object> result = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      result.add(convert(items.get(i), element, path + "[" + i + "]"));
    }
    return result;
  }

  private static Map<String, Object> map(ConfigValue value, Type element, String path) {
    Map<String, Object> result = new LinkedHashMap<>();
    if (value instanceof ConfigList list) {
      // HOCON keeps no order of keys: a list of objects does
      list.forEach(entry -> flatten(object(entry, path), "", result, element, path));
    } else {
      flatten(object(value, path), "", result, element, path);
    }
    return result;
  }

  private static ConfigObject object(ConfigValue value, String path) {
    if (value instanceof ConfigObject object) {
      return object;
    }
    throw Scalars.wrongType(value, path, "{ name = value, ... }");
  }

  /** Module names hold dots, which HOCON takes for nesting unless they are quoted. */
  private static void flatten(
      ConfigObject object, String prefix, Map<String, Object> result, Type element, String path) {
    object.forEach(
        (name, value) -> {
          if (value instanceof ConfigObject inner) {
            flatten(inner, prefix + name + ".", result, element, path);
          } else {
            result.put(prefix + name, convert(value, element, path + "." + prefix + name));
          }
        });
  }

  static Object element(ConfigValue value, Class<?> type, String path) {
    ConfigObject defaults =
        ConfigFactory.parseString(type.getAnnotation(ElementDefaults.class).value()).root();
    ConfigObject object;
    if (value instanceof ConfigObject given) {
      object = given;
    } else {
      String text = (String) Scalars.convert(value, String.class, path);
      object = ConfigFactory.empty().root().withValue("path", Scalars.text(text, value.origin()));
    }
    for (String key : object.keySet()) {
      if (!defaults.containsKey(key)) {
        String nearest = new KnownKeys(type).nearest(key);
        throw new ConfigException(
            "Unknown key: "
                + (path + "." + key)
                + (" (did you mean " + nearest + "?; set in ")
                + (value.origin().description() + ")"));
      }
    }
    ConfigObject complete = object.withFallback(defaults);
    return bind(type, path + ".", full -> complete.get(full.substring(path.length() + 1)));
  }

  private static Object settingValue(ConfigValue value, Class<?> type, String path) {
    boolean list = value.valueType() == ConfigValueType.LIST;
    Optional<Method> ofMap = isMap(value) ? ofMap(type) : Optional.empty();
    Object given =
        ofMap.isPresent()
            ? convert(value, ofMap.get().getGenericParameterTypes()[0], path)
            : list ? list(value, String.class, path) : Scalars.convert(value, String.class, path);
    try {
      if (ofMap.isPresent()) {
        return ofMap.get().invoke(null, given);
      }
      return list
          ? type.getMethod("ofNames", List.class).invoke(null, given)
          : type.getMethod("ofText", String.class).invoke(null, given);
    } catch (InvocationTargetException e) {
      throw unwrapped(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot read " + type.getName(), e);
    }
  }

  /** An object, or a list of objects, which keeps their order. */
  private static boolean isMap(ConfigValue value) {
    return value instanceof ConfigObject
        || value instanceof ConfigList list
            && !list.isEmpty()
            && list.get(0) instanceof ConfigObject;
  }

  private static Optional<Method> ofMap(Class<?> type) {
    return Stream.of(type.getDeclaredMethods())
        .filter(method -> method.getName().equals("ofMap"))
        .findFirst();
  }

  /** A type of several keys takes the key too, for its messages. */
  private static Object parsed(ConfigValue value, Class<?> type, String path) {
    String text = (String) Scalars.convert(value, String.class, path);
    try {
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().equals("parse") && method.getParameterCount() == 2) {
          return method.invoke(null, text, path);
        }
      }
      return type.getMethod("parse", String.class).invoke(null, text);
    } catch (InvocationTargetException e) {
      throw unwrapped(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot parse " + type.getName(), e);
    }
  }

  private static RuntimeException unwrapped(InvocationTargetException e) {
    return e.getCause() instanceof RuntimeException cause
        ? cause
        : new IllegalStateException(e.getCause());
  }
}
