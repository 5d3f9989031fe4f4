package dev.anneal.core.peft;

import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import java.util.Map;

/**
 * P-tuning (Liu et al., 2021, arXiv 2103.10385): as prompt tuning, but the rows P before the
 * embedded tokens come out of a small network over trained vectors, P = W₃ relu(W₂ relu(W₁e + b₁) +
 * b₂) + b₃, or two linear modules over an LSTM in both directions. Trains virtual tokens · hidden
 * values and the network, about 2 · hidden · encoder_hidden_size + encoder_hidden_size² values with
 * the MLP. The export holds P alone: training goes on from a checkpoint with the network, from an
 * export with P itself. For tasks with few examples, where prompt tuning begins slowly.
 */
@PeftMethod(
    type = "P_TUNING",
    settings = PTuning.Settings.class,
    required = "num_virtual_tokens",
    withoutEffect = {
      "num_attention_heads",
      "num_layers",
      "num_transformer_submodules",
      "token_dim"
    },
    unsupported = "modules_to_save")
public final class PTuning implements VirtualTokenMethod {
  private final Settings settings;
  private final boolean flat;

  /** What makes the rows. */
  public enum Encoder {
    MLP,
    LSTM
  }

  /**
   * PEFT's PromptEncoderConfig.
   *
   * @param encoderHiddenSize 0 for the model's hidden size
   * @param encoderNumLayers of the LSTM; the MLP has three linear modules
   * @param encoderDropout between the LSTM's layers
   */
  @ElementDefaults(
      """
      num_virtual_tokens = 20, encoder_reparameterization_type = mlp, encoder_hidden_size = 0
      encoder_num_layers = 2, encoder_dropout = 0.0
      """)
  public record Settings(
      int numVirtualTokens,
      Encoder encoderReparameterizationType,
      int encoderHiddenSize,
      int encoderNumLayers,
      double encoderDropout) {
    public Settings {
      Rule.positive("adapter.num_virtual_tokens", numVirtualTokens);
      Rule.notNegative("adapter.encoder_hidden_size", encoderHiddenSize);
      Rule.positive("adapter.encoder_num_layers", encoderNumLayers);
      Rule.below("adapter.encoder_dropout", encoderDropout, 0, 1);
    }

    boolean lstm() {
      return encoderReparameterizationType == Encoder.LSTM;
    }
  }

  public PTuning(Settings settings) {
    this(settings, false);
  }

  private PTuning(Settings settings, boolean flat) {
    this.settings = settings;
    this.flat = flat;
  }

  @Override
  public Record settings() {
    return settings;
  }

  /** A mask over the network would have to agree between ranks and cuts of a batch. */
  @Override
  public void requireFresh(DecoderLayout layout) {
    VirtualTokenMethod.super.requireFresh(layout);
    Rule.check(
        settings.encoderDropout() == 0,
        "adapter.encoder_dropout",
        settings.encoderDropout(),
        "only 0 is supported; PEFT uses it between the layers of an LSTM alone");
  }

  @Override
  public AdapterMethod asExported() {
    return new PTuning(settings, true);
  }

  @Override
  public PromptEncoder encoder(DecoderConfig model) {
    long width = width(model);
    long hidden = encoderHidden(settings.encoderHiddenSize(), model);
    PromptEncoder encoder = new PromptEncoder(numVirtualTokens(), width);
    if (flat) {
      return encoder;
    }
    if (settings.lstm()) {
      return encoder
          .lstm("lstm_head", width, hidden, settings.encoderNumLayers())
          .linear("mlp_head.0", 2 * hidden, 2 * hidden)
          .relu()
          .linear("mlp_head.2", 2 * hidden, width);
    }
    return encoder
        .linear("mlp_head.0", width, hidden)
        .relu()
        .linear("mlp_head.2", hidden, hidden)
        .relu()
        .linear("mlp_head.4", hidden, width);
  }

  @Override
  public int numVirtualTokens() {
    return settings.numVirtualTokens();
  }

  @Override
  public String summary() {
    return VirtualTokenMethod.super.summary()
        + " of an "
        + settings.encoderReparameterizationType();
  }

  @Override
  public Map<String, Object> exportConfig() {
    Map<String, Object> config = VirtualTokenMethod.super.exportConfig();
    config.put("encoder_reparameterization_type", settings.encoderReparameterizationType().name());
    return config;
  }

  @Override
  public Map<String, Object> modelSizes(DecoderConfig model) {
    Map<String, Object> sizes = VirtualTokenMethod.super.modelSizes(model);
    sizes.put("encoder_hidden_size", encoderHidden(settings.encoderHiddenSize(), model));
    return sizes;
  }
}
