package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Qwen3 (dense): RMS norm on each head of q and k, no biases, heads of 128 unless stated. */
public record Qwen3() implements DecoderFamily {
  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public String architecture() {
    return "Qwen3ForCausalLM";
  }

  @Override
  public boolean queryKeyValueBias() {
    return false;
  }

  @Override
  public boolean queryKeyNorm() {
    return true;
  }

  @Override
  public FamilyDefaults defaults() {
    return new FamilyDefaults(
        151936, 4096, 22016, 32, 32, 32, 128, 32768, false, List.of(), List.of());
  }

  @Override
  public List<String> unsupported(JsonNode config) {
    List<String> found = new ArrayList<>(Unsupported.whereTrue(config, "attention_bias"));
    found.addAll(Unsupported.qwenSlidingWindow(config, defaults()));
    return found;
  }
}
