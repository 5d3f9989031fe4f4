package dev.anneal.core.peft;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.model.DecoderConfig;
import dev.anneal.core.model.DecoderLayout;
import dev.anneal.core.model.LinearSite;
import java.util.List;
import java.util.Objects;

/**
 * With {@code adapter.path} the adapter's own config rules. A key that the user gave as well must
 * say the same.
 */
public final class AdapterAgreement {
  private final LoadedConfig loaded;
  private final AdapterFolder folder;

  private AdapterAgreement(LoadedConfig loaded, AdapterFolder folder) {
    this.loaded = loaded;
    this.folder = folder;
  }

  /**
   * @throws ConfigException that names the first key which says something else
   */
  public static void require(LoadedConfig loaded, AdapterFolder folder, DecoderConfig model) {
    new AdapterAgreement(loaded, folder).compare(model);
  }

  private void compare(DecoderConfig model) {
    AdapterConfig given = loaded.config().adapter();
    LoraAdapterConfig own = folder.config();
    same("peft_type", given.peftType(), AdapterRegistry.existing(folder, model).peftType());
    same("r", given.r(), own.r());
    same("lora_alpha", given.loraAlpha(), own.alpha());
    same("lora_dropout", given.loraDropout(), own.dropout());
    same("use_rslora", given.useRslora(), own.rankStabilised());
    same("rank_pattern", given.rankPattern(), own.rankPattern());
    same("alpha_pattern", given.alphaPattern(), own.alphaPattern());
    List<String> modules =
        new DecoderLayout(model).sites().stream().map(LinearSite::module).toList();
    List<String> ownTargets = own.targetModules(modules);
    if (!matched(given.targetModules(), modules).equals(matched(ownTargets, modules))) {
      same("target_modules", given.targetModules(), ownTargets);
    }
  }

  private static List<String> matched(List<String> entries, List<String> modules) {
    if (entries.isEmpty()) {
      return List.of();
    }
    TargetModules targets = TargetModules.of(entries);
    return modules.stream().filter(targets::matches).toList();
  }

  private void same(String key, Object given, Object own) {
    if (loaded.isSet("adapter." + key) && !Objects.equals(given, own)) {
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
