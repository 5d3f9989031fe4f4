package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.EditDistance;
import dev.anneal.core.config.MethodKeys;
import dev.anneal.core.config.MethodSettings;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The adapter methods that exist: the permitted classes of {@link AdapterMethod}, by the {@link
 * PeftMethod} that each of them carries. Thread-safe.
 */
public final class AdapterRegistry {
  /** What messages put before a setting. */
  private static final String SECTION = "adapter";

  /** One method: its class, and what it says of itself. */
  record Entry(Class<? extends AdapterMethod> implementation, PeftMethod description) {
    String peftType() {
      return description.type();
    }

    /** The names of all its settings. */
    Set<String> keys() {
      return SettingsFields.keys(description.settings());
    }

    /**
     * The method with these settings.
     *
     * @throws ConfigException that names the key which breaks a rule, or which the method has not
     */
    AdapterMethod create(MethodSettings given) {
      requireOwn(given);
      Record settings = given.as(description.settings(), SECTION);
      try {
        return implementation.getConstructor(description.settings()).newInstance(settings);
      } catch (InvocationTargetException e) {
        throw e.getCause() instanceof RuntimeException cause
            ? cause
            : new IllegalStateException(e.getCause());
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(
            "Cannot make " + implementation.getName() + ": needs a constructor of its settings", e);
      }
    }

    void requireOwn(MethodSettings given) {
      List<String> foreign =
          given.keys().stream().filter(key -> !keys().contains(key)).map(this::foreign).toList();
      if (!foreign.isEmpty()) {
        throw new ConfigException(String.join("\n", foreign));
      }
    }

    private String foreign(String key) {
      return "Invalid adapter."
          + key
          + ": has no effect with adapter.peft_type = "
          + peftType()
          + " (nearest of its own: "
          + nearest(key, keys().stream())
          + ")";
    }
  }

  /** The settings of all methods. Stateless. */
  public static final class Keys implements MethodKeys {
    @Override
    public Set<String> keys() {
      Set<String> keys = new TreeSet<>();
      ENTRIES.forEach(entry -> keys.addAll(entry.keys()));
      return keys;
    }
  }

  private static final List<Entry> ENTRIES = permitted(AdapterMethod.class);

  private AdapterRegistry() {}

  static List<Entry> entries() {
    return ENTRIES;
  }

  private static List<Entry> permitted(Class<?> list) {
    List<Entry> entries = new ArrayList<>();
    for (Class<?> permitted : list.getPermittedSubclasses()) {
      if (permitted.isInterface()) {
        entries.addAll(permitted(permitted));
      } else {
        Class<? extends AdapterMethod> implementation = permitted.asSubclass(AdapterMethod.class);
        entries.add(new Entry(implementation, description(implementation)));
      }
    }
    return List.copyOf(entries);
  }

  /** What a permitted class says of itself. */
  static PeftMethod description(Class<? extends AdapterMethod> implementation) {
    PeftMethod method = implementation.getAnnotation(PeftMethod.class);
    if (method == null) {
      throw new IllegalStateException("Missing @PeftMethod on " + implementation.getName());
    }
    return method;
  }

  private static Optional<Entry> find(String peftType) {
    return ENTRIES.stream().filter(entry -> entry.peftType().equals(peftType)).findFirst();
  }

  /** The method that a configuration names. */
  private static AdapterMethod create(AdapterConfig config, DecoderConfig model) {
    AdapterMethod method = create(config);
    new ModuleSelections(method, model).require();
    method.requireFresh(new DecoderLayout(model));
    return method;
  }

  /** The method that a configuration names, without a look at a model. */
  public static AdapterMethod create(AdapterConfig config) {
    return create(config.peftType(), config.method());
  }

  /** A method by its type, with its settings. */
  static AdapterMethod create(String peftType, MethodSettings settings) {
    return find(peftType)
        .orElseThrow(
            () ->
                new ConfigException(
                    "Unsupported adapter.peft_type: "
                        + peftType
                        + supported(peftType, Stream.of(AdapterConfig.FULL_TUNING))))
        .create(settings);
  }

  /** Reads an adapter_config.json as the method that its {@code peft_type} names. */
  static ExistingAdapter read(AdapterJson json) {
    Entry entry =
        find(json.peftType())
            .orElseThrow(
                () ->
                    new ConfigException(
                        "Unsupported peft_type: "
                            + json.peftType()
                            + supported(json.peftType(), Stream.empty())
                            + " in "
                            + json.source()));
    return new ExistingAdapter(json, entry);
  }

  /** The method of an existing adapter, or else of the configuration; none for full tuning. */
  public static Optional<AdapterMethod> choose(
      AdapterConfig config, Optional<AdapterFolder> existing, DecoderConfig model) {
    if (existing.isPresent()) {
      existing(existing.get(), model);
      return Optional.of(existing.get().config().method(config.method()));
    }
    return config.present() ? Optional.of(create(config, model)) : Optional.empty();
  }

  /** The method of an adapter folder, as its adapter_config.json describes it. */
  public static AdapterMethod existing(AdapterFolder folder, DecoderConfig model) {
    AdapterMethod method = folder.config().method();
    folder.config().requireNothingUnknown();
    new ModuleSelections(method, model).warn(folder.config().source());
    return method;
  }

  private static String supported(String given, Stream<String> before) {
    List<String> names =
        Stream.concat(before, ENTRIES.stream().map(Entry::peftType)).collect(Collectors.toList());
    return " (supported: "
        + String.join(", ", names)
        + "; nearest: "
        + nearest(given, names.stream())
        + ")";
  }

  private static String nearest(String given, Stream<String> names) {
    return names.min(Comparator.comparingInt(name -> EditDistance.between(given, name))).orElse("");
  }
}
