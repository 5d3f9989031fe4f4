package dev.anneal.core.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.HuggingFaceJson;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * PEFT's {@code adapter_config.json}: two spaces, sorted keys, and of the keys only those that
 * every recent PEFT knows. Thread-safe.
 */
public final class AdapterConfigJson {
  public static final String FILE = "adapter_config.json";

  private static final ObjectMapper JSON = new ObjectMapper();

  private AdapterConfigJson() {}

  /**
   * The file's bytes.
   *
   * @param baseModel what {@code base_model_name_or_path} says; empty is null
   * @param method the keys of the method itself
   */
  public static byte[] render(String peftType, String baseModel, Map<String, ?> method) {
    Map<String, Object> all = new TreeMap<>(method);
    all.put("auto_mapping", null);
    all.put("base_model_name_or_path", baseModel.isEmpty() ? null : baseModel);
    all.put("inference_mode", true);
    all.put("peft_type", peftType);
    all.put("revision", null);
    all.put("task_type", "CAUSAL_LM");
    return HuggingFaceJson.render(all);
  }

  /**
   * Reads a LORA adapter's file. An option that is active and not supported is an error by name; a
   * key that is not known is listed, for a warning.
   *
   * @param source what messages call the file
   */
  public static LoraAdapterConfig parseLora(byte[] bytes, String source) {
    JsonNode json;
    try {
      json = JSON.readTree(bytes);
    } catch (IOException e) {
      throw new ConfigException("Cannot read " + source + ": not JSON (adapter.path)", e);
    }
    if (!json.isObject()) {
      throw new ConfigException("Cannot read " + source + ": not a JSON object (adapter.path)");
    }
    return new LoraAdapterParser(json, source).parse();
  }
}
