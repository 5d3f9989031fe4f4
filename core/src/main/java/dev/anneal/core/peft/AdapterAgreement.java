package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * With {@code adapter.path} the adapter's own config rules. A key that the user gave as well must
 * say the same.
 */
public final class AdapterAgreement {
  private static final String TARGETS = "target_modules";

  private final AdapterConfig config;
  private final Predicate<String> isSet;
  private final AdapterFolder folder;

  private AdapterAgreement(AdapterConfig config, Predicate<String> isSet, AdapterFolder folder) {
    this.config = config;
    this.isSet = isSet;
    this.folder = folder;
  }

  /**
   * @param isSet whether the user gave a key, as {@code adapter.r}
   * @throws ConfigException that names the first key which says something else
   */
  public static void require(
      AdapterConfig config, Predicate<String> isSet, AdapterFolder folder, DecoderConfig model) {
    new AdapterAgreement(config, isSet, folder).compare(model);
  }

  private void compare(DecoderConfig model) {
    AdapterMethod own = AdapterRegistry.existing(folder, model);
    same("peft_type", config.peftType(), own.peftType());
    AdapterMethod given = folder.config().methodWith(config.method());
    Map<String, Object> givenKeys = given.exportConfig();
    own.exportConfig()
        .forEach(
            (key, value) -> {
              if (!key.equals(TARGETS)) {
                same(key, givenKeys.get(key), value);
              }
            });
    if (!attached(given, model).equals(attached(own, model))) {
      same(TARGETS, givenKeys.get(TARGETS), own.exportConfig().get(TARGETS));
    }
  }

  private static List<LinearSite> attached(AdapterMethod method, DecoderConfig model) {
    return method.sites(new DecoderLayout(model)).stream()
        .filter(site -> !method.parameters(site).isEmpty())
        .toList();
  }

  private void same(String key, Object given, Object own) {
    if (isSet.test("adapter." + key) && !Objects.equals(given, own)) {
      throw new ConfigException(
          "Invalid adapter."
              + key
              + ": "
              + given
              + " (the "
              + AdapterConfigJson.FILE
              + " of adapter.path "
              + folder.path()
              + " says "
              + own
              + "; leave the key out)");
    }
  }
}
