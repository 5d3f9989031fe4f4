package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The adapter methods that exist: the permitted classes of {@link AdapterMethod}, by the {@link
 * PeftMethod} that each of them carries. Thread-safe.
 */
public final class AdapterRegistry {
  /** One method: its name, its class, and what makes it. */
  record Entry(
      String peftType, Class<? extends AdapterMethod> implementation, AdapterFactory factory) {}

  private static final List<Entry> ENTRIES = permitted();

  private AdapterRegistry() {}

  static List<Entry> entries() {
    return ENTRIES;
  }

  private static List<Entry> permitted() {
    List<Entry> entries = new ArrayList<>();
    for (Class<?> permitted : AdapterMethod.class.getPermittedSubclasses()) {
      Class<? extends AdapterMethod> implementation = permitted.asSubclass(AdapterMethod.class);
      PeftMethod method = description(implementation);
      try {
        AdapterFactory factory = method.factory().getDeclaredConstructor().newInstance();
        entries.add(new Entry(method.type(), implementation, factory));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(
            "Cannot make " + method.factory().getName() + ": needs a constructor without arguments",
            e);
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
    AdapterMethod method = create(config.peftType(), config);
    new ModuleSelections(method, model).require();
    return method;
  }

  /** A method by its type, with the other settings of a configuration. */
  static AdapterMethod create(String peftType, AdapterConfig config) {
    return find(peftType)
        .orElseThrow(
            () ->
                new ConfigException(
                    "Unsupported adapter.peft_type: "
                        + peftType
                        + " (supported: "
                        + names(Stream.of(AdapterConfig.FULL_TUNING))
                        + ")"))
        .factory()
        .create(config);
  }

  /** Reads an adapter_config.json as the method that its {@code peft_type} names. */
  static ExistingAdapter read(AdapterJson json) {
    AdapterFactory factory =
        find(json.peftType())
            .orElseThrow(
                () ->
                    new ConfigException(
                        "Unsupported peft_type: "
                            + json.peftType()
                            + " (supported: "
                            + names(Stream.empty())
                            + ") in "
                            + json.source()))
            .factory();
    return new ExistingAdapter(json, factory);
  }

  /** The method of an existing adapter, or else of the configuration; none for full tuning. */
  public static Optional<AdapterMethod> choose(
      AdapterConfig config, Optional<AdapterFolder> existing, DecoderConfig model) {
    if (existing.isPresent()) {
      return Optional.of(existing(existing.get(), model));
    }
    return config.present() ? Optional.of(create(config, model)) : Optional.empty();
  }

  /** The method of an adapter folder, as its adapter_config.json describes it. */
  public static AdapterMethod existing(AdapterFolder folder, DecoderConfig model) {
    List<String> modules =
        new DecoderLayout(model).sites().stream().map(LinearSite::module).toList();
    AdapterMethod method = folder.config().method(modules);
    folder.config().requireNothingUnknown();
    new ModuleSelections(method, model).warn(folder.config().source());
    return method;
  }

  private static String names(Stream<String> before) {
    return Stream.concat(before, ENTRIES.stream().map(Entry::peftType))
        .collect(Collectors.joining(", "));
  }
}
