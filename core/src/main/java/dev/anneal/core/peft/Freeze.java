package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.peft.modules.ModuleNames;
import dev.anneal.core.peft.modules.ModuleSelection;
import dev.anneal.core.peft.modules.SavedModules;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Some base weights are trained as they are, all others stay: the modules of the last layers, or
 * the first, and modules outside the layers. Settings are LLaMA-Factory's. A run leaves a model.
 * Backward ends at the lowest trained layer: the last ones cost least.
 */
@PeftMethod(type = "FREEZE", settings = Freeze.Settings.class)
public final class Freeze implements AdapterMethod {
  private static final String LAYERS = "model.layers.";

  private final Settings settings;

  /**
   * @param freezeTrainableLayers that many of the last layers, or of the first where it is
   *     negative; 0 for none
   * @param freezeTrainableModules of those layers: names by path or its end, of modules or of the
   *     blocks they stand in ({@code mlp}), an expression, or all
   * @param freezeExtraModules outside the layers: embed_tokens, norm, lm_head
   */
  @ElementDefaults(
      """
      freeze_trainable_layers = 2, freeze_trainable_modules = all, freeze_extra_modules = ""
      """)
  public record Settings(
      int freezeTrainableLayers,
      ModuleNames freezeTrainableModules,
      ModuleNames freezeExtraModules) {
    public Settings {
      Rule.check(
          freezeTrainableLayers != 0 || !freezeExtraModules.isEmpty(),
          "adapter.freeze_trainable_layers",
          0,
          "must not be 0 without adapter.freeze_extra_modules: nothing would be trained");
    }

    boolean all() {
      return freezeTrainableModules.entries().contains("all");
    }
  }

  public Freeze(Settings settings) {
    this.settings = settings;
  }

  @Override
  public Record settings() {
    return settings;
  }

  @Override
  public Product product() {
    return Product.MODEL;
  }

  @Override
  public List<String> trainedWeights(DecoderLayout layout) {
    int layers = layout.layers();
    int wanted = settings.freezeTrainableLayers();
    if (Math.abs((long) wanted) > layers) {
      throw new ConfigException(
          "Invalid adapter.freeze_trainable_layers: "
              + wanted
              + " (the model has "
              + layers
              + " layers)");
    }
    int first = wanted > 0 ? layers - wanted : 0;
    int end = wanted > 0 ? layers : -wanted;
    List<String> names = new ArrayList<>();
    for (String name : layout.weights().keySet()) {
      String module = SavedModules.module(name);
      boolean trained =
          name.startsWith(LAYERS)
              ? within(module, first, end)
                  && (settings.all() || matches(settings.freezeTrainableModules()::matches, module))
              : settings.freezeExtraModules().matches(module);
      if (trained) {
        names.add(name);
      }
    }
    return names;
  }

  /** Whether a module of a layer, or the block of it, is meant. */
  private static boolean matches(Predicate<String> meant, String module) {
    String block = module.substring(0, module.lastIndexOf('.'));
    boolean ofBlock = module.startsWith(LAYERS) && block.indexOf('.', LAYERS.length()) > 0;
    return meant.test(module) || ofBlock && meant.test(block);
  }

  private static boolean within(String module, int first, int end) {
    String rest = module.substring(LAYERS.length());
    int layer = Integer.parseInt(rest.substring(0, rest.indexOf('.')));
    return layer >= first && layer < end;
  }

  @Override
  public List<ModuleSelection> selections() {
    List<ModuleSelection> selections = new ArrayList<>();
    if (!settings.all()) {
      for (String part : settings.freezeTrainableModules().parts()) {
        selections.add(
            new ModuleSelection(
                "freeze_trainable_modules",
                part,
                "",
                module ->
                    matches(
                        path -> settings.freezeTrainableModules().matches(part, path), module)));
      }
    }
    for (String part : settings.freezeExtraModules().parts()) {
      selections.add(
          new ModuleSelection(
              "freeze_extra_modules",
              part,
              "",
              module -> settings.freezeExtraModules().matches(part, module)));
    }
    return selections;
  }

  @Override
  public String summary() {
    int layers = settings.freezeTrainableLayers();
    String which = layers == 0 ? "no layer" : (layers > 0 ? "last " : "first ") + Math.abs(layers);
    String extra = settings.freezeExtraModules().toString();
    return settings.freezeTrainableModules()
        + " of "
        + which
        + (layers == 0 ? "" : " layers")
        + (extra.isEmpty() ? "" : ", " + extra);
  }
}
