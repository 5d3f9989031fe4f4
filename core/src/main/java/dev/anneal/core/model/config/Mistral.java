package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * Mistral: as Llama, but every layer has a sliding window of 4096 unless config.json says
 * otherwise; {@code null} (Mistral 7B from v0.2 on) turns it off.
 */
public record Mistral() implements DecoderFamily {
  private static final int DEFAULT_WINDOW = 4096;

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public String architecture() {
    return "MistralForCausalLM";
  }

  @Override
  public boolean queryKeyValueBias() {
    return false;
  }

  @Override
  public boolean queryKeyNorm() {
    return false;
  }

  @Override
  public FamilyDefaults defaults() {
    return new FamilyDefaults(
        32000, 4096, 14336, 32, 32, 8, 0, 131072, false, List.of(1), List.of(2));
  }

  @Override
  public List<String> unsupported(JsonNode config) {
    JsonNode window = config.path("sliding_window");
    if (window.isNull()) {
      return List.of();
    }
    int size = window.asInt(DEFAULT_WINDOW);
    return size < Unsupported.positions(config, defaults())
        ? List.of(
            "sliding_window " + size + (window.isMissingNode() ? " (the default of mistral)" : ""))
        : List.of();
  }
}
