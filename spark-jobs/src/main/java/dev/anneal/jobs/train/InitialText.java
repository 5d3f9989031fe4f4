package dev.anneal.jobs.train;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The text that a method's virtual tokens begin as. Stateless. */
final class InitialText {
  private InitialText() {}

  /**
   * Its ids by the model's own tokenizer, with what the tokenizer writes before and after a
   * document; none for a method that begins with no text.
   */
  static List<Integer> tokens(AdapterConfig config, ModelFolder model) {
    Optional<String> text =
        config.present() ? AdapterRegistry.create(config).initialText() : Optional.empty();
    return text.map(given -> encode(given, model)).orElse(List.of());
  }

  private static List<Integer> encode(String text, ModelFolder model) {
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(model.path()))) {
      List<Integer> ids = new ArrayList<>(tokenizer.documentPrefix());
      Arrays.stream(tokenizer.encode(text)).forEach(ids::add);
      ids.addAll(tokenizer.documentSuffix());
      return ids;
    }
  }
}
