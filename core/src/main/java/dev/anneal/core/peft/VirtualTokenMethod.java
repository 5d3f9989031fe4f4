package dev.anneal.core.peft;

import dev.anneal.core.config.Rule;
import dev.anneal.core.model.VirtualTokens;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ParameterSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A method that puts trained vectors before every sample and leaves the modules as they are. What
 * it exports is those vectors alone, whatever network made them. Immutable.
 */
public sealed interface VirtualTokenMethod extends AdapterMethod
    permits PromptTuning, PTuning, PrefixTuning {
  /** The only tensor of its adapter_model.safetensors. */
  String EXPORTED = "prompt_embeddings";

  /** The vectors' tensors and what makes the vectors of them. */
  PromptEncoder encoder(DecoderConfig model);

  /** Where the vectors enter the model: before the embedded tokens, unless a method says else. */
  default VirtualTokens.Place place() {
    return VirtualTokens.Place.INPUT;
  }

  int numVirtualTokens();

  /** Elements of a vector. */
  default long width(DecoderConfig model) {
    return model.hiddenSize();
  }

  /**
   * The inner size of the network that makes the vectors.
   *
   * @param setting 0 for the width of a token
   */
  default int encoderHidden(int setting, DecoderConfig model) {
    return setting == 0 ? tokenDim(model) : setting;
  }

  @Override
  default Optional<VirtualTokens> virtualTokens(DecoderConfig model) {
    PromptEncoder encoder = encoder(model);
    return Optional.of(
        new VirtualTokens(
            place(), numVirtualTokens(), encoder.parameters(), encoder.virtualTokensSource()));
  }

  @Override
  default Optional<String> unmergeable(DecoderLayout layout) {
    return Optional.of("its virtual tokens are no weights of the model");
  }

  @Override
  default void requireFresh(DecoderLayout layout) {
    int positions = layout.config().maxPositionEmbeddings();
    Rule.check(
        numVirtualTokens() < positions,
        "adapter.num_virtual_tokens",
        numVirtualTokens(),
        "must be < " + positions + ", the model's max_position_embeddings");
  }

  @Override
  default InitialValue initialValue(ParameterSpec parameter, long seed, DecoderConfig model) {
    return encoder(model).initialValue(parameter, seed);
  }

  @Override
  default String summary() {
    return numVirtualTokens() + " virtual tokens";
  }

  @Override
  default String exportName(ParameterSpec parameter) {
    return EXPORTED;
  }

  @Override
  default Map<String, Object> modelSizes(DecoderConfig model) {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("num_layers", model.layers());
    sizes.put("num_transformer_submodules", 1);
    sizes.put("token_dim", tokenDim(model));
    sizes.put("num_attention_heads", attentionHeads(model));
    return sizes;
  }

  /** What PEFT calls the width of a token. */
  default int tokenDim(DecoderConfig model) {
    return Math.toIntExact(model.hiddenSize());
  }

  /** What PEFT calls the number of heads. */
  default int attentionHeads(DecoderConfig model) {
    return model.attentionHeads();
  }
}
