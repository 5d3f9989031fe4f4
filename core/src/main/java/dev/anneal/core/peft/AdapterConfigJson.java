package dev.anneal.core.peft;

import dev.anneal.core.config.Redaction;
import dev.anneal.core.format.HuggingFaceJson;
import java.util.Map;
import java.util.TreeMap;

/**
 * PEFT's {@code adapter_config.json}: two spaces, sorted keys, and of the keys only those that
 * every recent PEFT knows. Thread-safe.
 */
public final class AdapterConfigJson {
  public static final String FILE = "adapter_config.json";

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
    all.put("base_model_name_or_path", baseModel.isEmpty() ? null : Redaction.text(baseModel));
    all.put("inference_mode", true);
    all.put("peft_type", peftType);
    all.put("revision", null);
    all.put("task_type", "CAUSAL_LM");
    return HuggingFaceJson.render(all);
  }

  /**
   * Reads an adapter's file by its {@code peft_type}. A type or an active option that is not
   * supported is an error by name.
   *
   * @param source what messages call the file
   */
  public static ExistingAdapter parse(byte[] bytes, String source) {
    return AdapterRegistry.read(AdapterJson.parse(bytes, source));
  }
}
