package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * Llama 1 to 3: no biases, no q/k norm. Llama 3.1 and later rotate with {@code rope_type} llama3.
 */
public record Llama() implements DecoderFamily {
  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public String architecture() {
    return "LlamaForCausalLM";
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
        32000, 4096, 11008, 32, 32, 0, 0, 2048, false, List.of(1), List.of(2));
  }

  @Override
  public List<String> unsupported(JsonNode config) {
    return Unsupported.whereTrue(config, "attention_bias", "mlp_bias");
  }
}
