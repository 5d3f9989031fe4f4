package dev.anneal.core.peft;

import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.model.VirtualTokens;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.modules.TrainingOnly;
import java.util.Map;

/**
 * Prefix tuning (Li and Liang, 2021, arXiv 2101.00190), and without its projection P-tuning v2 (Liu
 * et al., 2022, arXiv 2110.07602): in every layer attention sees trained keys and values before
 * those of the sample, softmax(q [P_k; k]ᵀ) [P_v; v]. They are trained themselves, 2 · layers ·
 * virtual tokens · key-value width values, or come out of W₂ tanh(W₁e + b₁) + b₂ with
 * prefix_projection, which trains that network too and exports what it gives. The lightest method
 * that reaches every layer; rows get no longer.
 */
@PeftMethod(
    type = "PREFIX_TUNING",
    settings = PrefixTuning.Settings.class,
    required = "num_virtual_tokens",
    withoutEffect = {
      "num_attention_heads",
      "num_layers",
      "num_transformer_submodules",
      "token_dim"
    },
    unsupported = "modules_to_save")
public final class PrefixTuning implements VirtualTokenMethod {
  private static final String ZERO = "zero";
  private static final String LAST_LINEAR = "prompt_encoder.transform.2.";

  private final Settings settings;
  private final boolean flat;

  /**
   * PEFT's PrefixTuningConfig.
   *
   * @param encoderHiddenSize of the projection; 0 for the width of a layer's keys
   * @param initWeights zero, or nothing for torch's own initial values
   */
  @ElementDefaults(
      """
      num_virtual_tokens = 20, prefix_projection = false, encoder_hidden_size = 0
      init_weights = ""
      """)
  public record Settings(
      int numVirtualTokens,
      boolean prefixProjection,
      int encoderHiddenSize,
      @TrainingOnly String initWeights) {
    public Settings {
      Rule.positive("adapter.num_virtual_tokens", numVirtualTokens);
      Rule.notNegative("adapter.encoder_hidden_size", encoderHiddenSize);
      Rule.check(
          initWeights.isEmpty() || initWeights.equals(ZERO),
          "adapter.init_weights",
          initWeights,
          "must be zero, or nothing");
    }
  }

  public PrefixTuning(Settings settings) {
    this(settings, !settings.prefixProjection());
  }

  private PrefixTuning(Settings settings, boolean flat) {
    this.settings = settings;
    this.flat = flat;
  }

  @Override
  public Record settings() {
    return settings;
  }

  @Override
  public AdapterMethod asExported() {
    return new PrefixTuning(settings, true);
  }

  @Override
  public PromptEncoder encoder(DecoderConfig model) {
    if (flat) {
      return new PromptEncoder(numVirtualTokens(), width(model));
    }
    int hidden = encoderHidden(settings.encoderHiddenSize(), model);
    return new PromptEncoder(numVirtualTokens(), tokenDim(model))
        .linear("transform.0", tokenDim(model), hidden)
        .tanh()
        .linear("transform.2", hidden, width(model));
  }

  @Override
  public InitialValue initialValue(ParameterSpec parameter, long seed, DecoderConfig model) {
    boolean last = flat || parameter.name().startsWith(LAST_LINEAR);
    return last && settings.initWeights().equals(ZERO)
        ? index -> 0f
        : VirtualTokenMethod.super.initialValue(parameter, seed, model);
  }

  @Override
  public VirtualTokens.Place place() {
    return VirtualTokens.Place.ATTENTION;
  }

  @Override
  public int numVirtualTokens() {
    return settings.numVirtualTokens();
  }

  @Override
  public long width(DecoderConfig model) {
    return 2L * model.layers() * tokenDim(model);
  }

  /** The width of a layer's keys. */
  @Override
  public int tokenDim(DecoderConfig model) {
    return model.keyValueHeads() * model.headDim();
  }

  @Override
  public int attentionHeads(DecoderConfig model) {
    return model.keyValueHeads();
  }

  @Override
  public String summary() {
    return VirtualTokenMethod.super.summary()
        + (settings.prefixProjection() ? " in every layer, projected" : " in every layer");
  }

  @Override
  public Map<String, Object> modelSizes(DecoderConfig model) {
    Map<String, Object> sizes = VirtualTokenMethod.super.modelSizes(model);
    sizes.put("encoder_hidden_size", encoderHidden(settings.encoderHiddenSize(), model));
    return sizes;
  }
}
