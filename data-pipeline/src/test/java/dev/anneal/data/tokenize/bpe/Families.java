package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TestTokenizers;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The small tokenizers that {@code interop/fixtures/make_byte_level.py} wrote. */
final class Families {
  private Families() {}

  static Path folder(String family) {
    return TestTokenizers.resource("/bpe/" + family);
  }

  static ByteLevelBpe open(String family, SpecialTokens specialTokens) throws IOException {
    try {
      String json = Files.readString(folder(family).resolve("tokenizer.json"));
      return ByteLevelBpe.of(TokenizerJson.parse(json), specialTokens);
    } catch (UnsupportedTokenizerException e) {
      throw new AssertionError(e);
    }
  }
}
