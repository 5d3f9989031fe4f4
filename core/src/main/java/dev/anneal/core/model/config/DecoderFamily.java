package dev.anneal.core.model.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What differs between the families of decoder-only models: biases, norms and the values that a
 * {@code config.json} may leave out. Everything else they share. Implementations are stateless.
 */
public sealed interface DecoderFamily permits Llama, Qwen2, Qwen3, Mistral {
  /** The one list of families, in the order in which messages name them. */
  List<DecoderFamily> ALL = List.of(new Llama(), new Qwen2(), new Qwen3(), new Mistral());

  /** {@code model_type} of config.json. */
  String modelType();

  /** {@code architectures} entry of config.json. */
  String architecture();

  /** Whether q_proj, k_proj and v_proj have a bias; o_proj and the MLP never do here. */
  boolean queryKeyValueBias();

  /** Whether queries and keys are RMS-normalised per head before the rotation. */
  boolean queryKeyNorm();

  /** Values of absent fields, as transformers has them. */
  FamilyDefaults defaults();

  /** Settings of this family that change the maths and are not supported, as message parts. */
  List<String> unsupported(JsonNode config);

  static Optional<DecoderFamily> of(String modelType) {
    return ALL.stream().filter(family -> family.modelType().equals(modelType)).findFirst();
  }

  /** The supported {@code model_type} values, for messages. */
  static String supportedTypes() {
    return ALL.stream().map(DecoderFamily::modelType).collect(Collectors.joining(", "));
  }
}
