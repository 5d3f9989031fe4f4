package dev.anneal.data.tokenize.sentencepiece;

import dev.anneal.data.tokenize.IdList;
import dev.anneal.data.tokenize.SpanEncoder;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TestTokenizers;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The small tokenizers that {@code interop/fixtures/make_sentencepiece.py} wrote. */
final class Vocabularies {
  private Vocabularies() {}

  static Path folder(String name) {
    return TestTokenizers.resource("/sentencepiece/" + name);
  }

  static String json(String name) throws IOException {
    return Files.readString(folder(name).resolve("tokenizer.json"));
  }

  static SpanEncoder encoder(String name, SpecialTokens specialTokens) throws IOException {
    try {
      return SentencePieceBpe.of(TokenizerJson.parse(json(name)), specialTokens).newEncoder();
    } catch (UnsupportedTokenizerException e) {
      throw new AssertionError(e);
    }
  }

  /** Encodes from the middle of an array, whose other bytes must not matter. */
  static int[] ids(SpanEncoder encoder, String text) {
    byte[] utf8 = (" " + text + "\u2581a").getBytes(StandardCharsets.UTF_8);
    IdList ids = new IdList(utf8.length);
    try {
      encoder.encode(utf8, 1, utf8.length - 4, ids);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ids.toArray();
  }
}
