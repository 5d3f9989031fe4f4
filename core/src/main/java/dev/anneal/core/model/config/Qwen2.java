package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** Qwen2 and Qwen2.5: biases on q, k and v. Layers may have a sliding window, off by default. */
public record Qwen2() implements DecoderFamily {
  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public String architecture() {
    return "Qwen2ForCausalLM";
  }

  @Override
  public boolean queryKeyValueBias() {
    return true;
  }

  @Override
  public boolean queryKeyNorm() {
    return false;
  }

  @Override
  public FamilyDefaults defaults() {
    return new FamilyDefaults(
        151936, 4096, 22016, 32, 32, 32, 0, 32768, false, List.of(), List.of());
  }

  @Override
  public List<String> unsupported(JsonNode config) {
    return Unsupported.qwenSlidingWindow(config, defaults());
  }
}
