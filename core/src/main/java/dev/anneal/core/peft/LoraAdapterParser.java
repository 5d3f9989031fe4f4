package dev.anneal.core.peft;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.config.ConfigException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Reads the LORA form of {@code adapter_config.json}. One use. */
final class LoraAdapterParser {
  private static final String ALL_LINEAR = "all-linear";

  /** Read, or without effect on an adapter that is trained already. */
  private static final Set<String> KNOWN =
      Set.of(
          "alpha_pattern",
          "auto_mapping",
          "base_model_name_or_path",
          "corda_config",
          "ensure_weight_tying",
          "eva_config",
          "inference_mode",
          "init_lora_weights",
          "loftq_config",
          "lora_alpha",
          "lora_dropout",
          "lora_ga_config",
          "megatron_core",
          "peft_type",
          "peft_version",
          "qalora_group_size",
          "r",
          "rank_pattern",
          "revision",
          "runtime_config",
          "target_modules",
          "task_type",
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
  private static final Set<String> HARMLESS_INITS = Set.of("gaussian", "eva", "orthogonal");

  private final JsonNode json;
  private final String source;

  LoraAdapterParser(JsonNode json, String source) {
    this.json = json;
    this.source = source;
  }

  LoraAdapterConfig parse() {
    String peftType = json.path("peft_type").asText("none");
    if (!peftType.equals("LORA")) {
      throw new ConfigException(
          "Unsupported peft_type: " + peftType + " (supported: LORA) in " + source);
    }
    refuseActiveOptions();
    JsonNode targets = json.path("target_modules");
    return new LoraAdapterConfig(
        json.path("base_model_name_or_path").asText("").replaceFirst("^null$", ""),
        rank("r", json.path("r")),
        number("lora_alpha", json.path("lora_alpha")),
        json.hasNonNull("lora_dropout") ? number("lora_dropout", json.path("lora_dropout")) : 0,
        json.path("use_rslora").asBoolean(false),
        targetNames(targets),
        targetPattern(targets),
        patterns("rank_pattern", value -> rank("rank_pattern", value)),
        patterns("alpha_pattern", value -> number("alpha_pattern", value)),
        unknownKeys());
  }

  private void refuseActiveOptions() {
    List<String> active = new ArrayList<>();
    for (Iterator<String> names = json.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      JsonNode value = json.get(name);
      if (UNSUPPORTED.contains(name) && !neutral(value)) {
        active.add(name + " " + value);
      }
    }
    if (!json.path("bias").asText("none").equals("none")) {
      active.add("bias " + json.get("bias"));
    }
    JsonNode init = json.path("init_lora_weights");
    if (init.isTextual() && !HARMLESS_INITS.contains(init.asText())) {
      active.add("init_lora_weights " + init + " (it changes the base weights)");
    }
    if (!json.path("task_type").isNull()
        && !json.path("task_type").asText("CAUSAL_LM").equals("CAUSAL_LM")) {
      active.add("task_type " + json.get("task_type"));
    }
    if (!active.isEmpty()) {
      throw new ConfigException(
          "Unsupported in " + source + ": " + String.join("; ", active) + " (adapter.path)");
    }
  }

  private static boolean neutral(JsonNode value) {
    boolean emptyContainer = value.isContainerNode() && value.isEmpty();
    boolean emptyText = value.isTextual() && value.asText().isEmpty();
    return value.isNull() || emptyContainer || emptyText || value.isBoolean() && !value.asBoolean();
  }

  private List<String> unknownKeys() {
    List<String> unknown = new ArrayList<>();
    json.fieldNames()
        .forEachRemaining(
            name -> {
              if (!KNOWN.contains(name) && !UNSUPPORTED.contains(name) && !name.equals("bias")) {
                unknown.add(name);
              }
            });
    return unknown;
  }

  private List<String> targetNames(JsonNode targets) {
    if (targets.isTextual()) {
      boolean all = targets.asText().toLowerCase(Locale.ROOT).equals(ALL_LINEAR);
      return all ? List.of(ALL_LINEAR) : List.of();
    }
    List<String> names = new ArrayList<>();
    for (JsonNode target : targets) {
      if (!target.isTextual()) {
        throw invalid("target_modules", targets, "must be a list of names or one expression");
      }
      names.add(target.asText());
    }
    if (names.isEmpty()) {
      throw invalid("target_modules", targets, "must name at least one module");
    }
    return names;
  }

  private String targetPattern(JsonNode targets) {
    if (!targets.isTextual() || !targetNames(targets).isEmpty()) {
      return "";
    }
    try {
      return Pattern.compile(targets.asText()).pattern();
    } catch (PatternSyntaxException e) {
      throw invalid("target_modules", targets, "not a regular expression: " + e.getDescription());
    }
  }

  private <T> Map<String, T> patterns(String key, Function<JsonNode, T> read) {
    Map<String, T> patterns = new LinkedHashMap<>();
    json.path(key)
        .fields()
        .forEachRemaining(entry -> patterns.put(entry.getKey(), read.apply(entry.getValue())));
    return patterns;
  }

  private int rank(String key, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.asInt() <= 0) {
      throw invalid(key, value, "must be an integer > 0");
    }
    return value.asInt();
  }

  private double number(String key, JsonNode value) {
    if (!value.isNumber()) {
      throw invalid(key, value, "must be a number");
    }
    return value.asDouble();
  }

  private ConfigException invalid(String key, JsonNode value, String rule) {
    String shown = value.isMissingNode() ? "nothing" : value.toString();
    return new ConfigException("Invalid " + key + ": " + shown + " (" + rule + ") in " + source);
  }
}
