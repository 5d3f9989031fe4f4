package dev.anneal.data.tokenize;

import dev.anneal.data.tokenize.bpe.ByteLevelBpe;
import dev.anneal.data.tokenize.sentencepiece.SentencePieceBpe;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens the tokenizer of a folder with the fastest engine that gives its ids: the first one in Java
 * that takes the file and passes {@link SelfTest}, else the native library. Stateless.
 */
public final class Tokenizers {
  /** In the order of trial. */
  private static final List<Engine> ENGINES = List.of(ByteLevelBpe::of, SentencePieceBpe::of);

  private Tokenizers() {}

  @FunctionalInterface
  private interface Engine {
    JavaEncoder of(TokenizerJson file, SpecialTokens specialTokens)
        throws UnsupportedTokenizerException;
  }

  /** Opens a folder's tokenizer; special-token strings in texts match. */
  public static Tokenizer open(TokenizerFolder folder) {
    return open(folder, SpecialTokens.MATCHED);
  }

  /** Opens a folder's tokenizer. The caller closes it. */
  public static Tokenizer open(TokenizerFolder folder, SpecialTokens specialTokens) {
    NativeTokenizer library = NativeTokenizer.open(folder, specialTokens);
    TokenizerJson file;
    try {
      file =
          TokenizerJson.parse(
              Files.readString(folder.path().resolve(TokenizerFolder.TOKENIZER_FILE)));
    } catch (IOException e) {
      return library.because(e.getMessage());
    }
    Set<String> reasons = new LinkedHashSet<>();
    for (Engine engine : ENGINES) {
      try {
        JavaEncoder encoder = engine.of(file, specialTokens);
        Optional<String> difference =
            SelfTest.difference(encoder, library, file.part("added_tokens"));
        if (difference.isEmpty()) {
          return new JavaTokenizer(encoder, library);
        }
        reasons.add(difference.get());
      } catch (UnsupportedTokenizerException e) {
        reasons.add(e.getMessage());
      }
    }
    return library.because(String.join("; ", reasons));
  }
}
