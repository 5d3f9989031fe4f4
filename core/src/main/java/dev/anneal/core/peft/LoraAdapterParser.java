package dev.anneal.core.peft;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads the LORA form of {@code adapter_config.json}. One use. */
final class LoraAdapterParser {
  /** Read, or without effect on an adapter that is trained already. */
  private static final Set<String> KNOWN =
      Set.of(
          "alpha_pattern",
          "bias",
          "corda_config",
          "ensure_weight_tying",
          "eva_config",
          "init_lora_weights",
          "loftq_config",
          "lora_alpha",
          "lora_dropout",
          "lora_ga_config",
          "megatron_core",
          "qalora_group_size",
          "r",
          "rank_pattern",
          "use_rslora");

  /** Options that change the maths: neutral when false, null, or empty. */
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "alora_invocation_tokens",
          "arrow_config",
          "exclude_modules",
          "fan_in_fan_out",
          "kasa_config",
          "layer_replication",
          "layers_pattern",
          "layers_to_transform",
          "lora_bias",
          "megatron_config",
          "modules_to_save",
          "monteclora_config",
          "target_parameters",
          "trainable_token_indices",
          "use_bdlora",
          "use_dora",
          "use_qalora",
          "velora_config");

  /** Initialisations that leave the base weights as they are. */
  private static final Set<String> HARMLESS_INITS =
      Set.of("true", "false", "gaussian", "eva", "orthogonal");

  private final AdapterJson json;

  LoraAdapterParser(AdapterJson json) {
    this.json = json;
  }

  static Set<String> knownKeys() {
    Set<String> keys = new HashSet<>(KNOWN);
    keys.addAll(UNSUPPORTED);
    return keys;
  }

  LoraAdapterConfig parse() {
    refuseActiveOptions();
    return new LoraAdapterConfig(
        json.positive("r"),
        json.number("lora_alpha"),
        json.has("lora_dropout") ? json.number("lora_dropout") : 0,
        json.flag("use_rslora"),
        json.targetModules(),
        json.positivePatterns("rank_pattern"),
        json.numberPatterns("alpha_pattern"));
  }

  private void refuseActiveOptions() {
    List<String> active = new ArrayList<>(json.active(UNSUPPORTED));
    active.addAll(json.otherTask());
    String bias = json.text("bias", "none");
    if (!bias.equals("none")) {
      active.add("bias \"" + bias + "\"");
    }
    String init = json.text("init_lora_weights", "true");
    if (!HARMLESS_INITS.contains(init)) {
      active.add("init_lora_weights \"" + init + "\" (it changes the base weights)");
    }
    json.refuse(active);
  }
}
