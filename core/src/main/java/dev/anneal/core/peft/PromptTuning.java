package dev.anneal.core.peft;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ElementDefaults;
import dev.anneal.core.config.Rule;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.tensor.CounterRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Prompt tuning (Lester, Al-Rfou and Constant, 2021, arXiv 2104.08691): the input becomes [P; E(x)]
 * with trained rows P before the embedded tokens, and the model is left as it is. Trains virtual
 * tokens · hidden values in all, the fewest of all methods; each sample gets longer by them. For
 * large models, or many tasks over one model.
 */
@PeftMethod(
    type = "PROMPT_TUNING",
    settings = PromptTuning.Settings.class,
    required = "num_virtual_tokens",
    withoutEffect = {
      "num_attention_heads",
      "num_layers",
      "num_transformer_submodules",
      "token_dim",
      "tokenizer_kwargs",
      "tokenizer_name_or_path"
    },
    unsupported = "modules_to_save")
public final class PromptTuning implements VirtualTokenMethod {
  private final Settings settings;
  private final List<Integer> textTokens;

  /** What the rows begin as. */
  public enum Init {
    RANDOM,
    /** The embeddings of a text's tokens, repeated or cut. */
    TEXT,
    /** The embeddings of tokens drawn from the vocabulary. */
    SAMPLE_VOCAB
  }

  /** PEFT's PromptTuningConfig; the tokenizer is the model's own. */
  @ElementDefaults(
      "num_virtual_tokens = 20, prompt_tuning_init = random, prompt_tuning_init_text = \"\"")
  public record Settings(int numVirtualTokens, Init promptTuningInit, String promptTuningInitText) {
    public Settings {
      Rule.positive("adapter.num_virtual_tokens", numVirtualTokens);
    }
  }

  public PromptTuning(Settings settings) {
    this(settings, List.of());
  }

  private PromptTuning(Settings settings, List<Integer> textTokens) {
    this.settings = settings;
    this.textTokens = List.copyOf(textTokens);
  }

  @Override
  public Record settings() {
    return settings;
  }

  @Override
  public void requireFresh(DecoderLayout layout) {
    VirtualTokenMethod.super.requireFresh(layout);
    boolean text = settings.promptTuningInit() == Init.TEXT;
    String given = settings.promptTuningInitText();
    if (text == given.isBlank()) {
      throw new ConfigException(
          text
              ? "Missing adapter.prompt_tuning_init_text (adapter.prompt_tuning_init is text)"
              : "Invalid adapter.prompt_tuning_init_text: "
                  + given
                  + " (has no effect unless adapter.prompt_tuning_init is text)");
    }
  }

  @Override
  public Optional<String> initialText() {
    return settings.promptTuningInit() == Init.TEXT
        ? Optional.of(settings.promptTuningInitText())
        : Optional.empty();
  }

  @Override
  public AdapterMethod beginningWith(List<Integer> tokens) {
    return new PromptTuning(settings, tokens);
  }

  @Override
  public List<Integer> initialTokens(long seed, DecoderConfig model) {
    if (settings.promptTuningInit() == Init.SAMPLE_VOCAB) {
      CounterRandom random = CounterRandom.of(seed, "prompt_tuning_init");
      return IntStream.range(0, numVirtualTokens())
          .mapToObj(i -> (int) (random.uniform(i) * model.vocabSize()))
          .toList();
    }
    return textTokens.isEmpty()
        ? List.of()
        : IntStream.range(0, numVirtualTokens())
            .mapToObj(i -> textTokens.get(i % textTokens.size()))
            .toList();
  }

  @Override
  public PromptEncoder encoder(DecoderConfig model) {
    return new PromptEncoder(numVirtualTokens(), width(model));
  }

  @Override
  public int numVirtualTokens() {
    return settings.numVirtualTokens();
  }

  /** That the rows began as a text is said no more: PEFT would ask for a tokenizer to load them. */
  @Override
  public Map<String, Object> exportConfig() {
    Map<String, Object> config = VirtualTokenMethod.super.exportConfig();
    boolean text = settings.promptTuningInit() == Init.TEXT;
    config.put(
        "prompt_tuning_init", text ? Init.RANDOM.name() : settings.promptTuningInit().name());
    config.put("prompt_tuning_init_text", null);
    config.put("tokenizer_name_or_path", null);
    return config;
  }
}
