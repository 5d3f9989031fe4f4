package dev.anneal.data.tokenize;

import dev.anneal.data.tokenize.bpe.ByteLevelBpe;
import dev.anneal.data.tokenize.sentencepiece.SentencePieceBpe;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Opens the tokenizer of a folder with the fastest engine that gives its ids: the first one in Java
 * that takes the file and passes {@link SelfTest}, else the native library. Stateless.
 */
public final class Tokenizers {
  /** In the order of trial. */
  private static final List<Engine> ENGINES =
      List.of(
          new Engine("byte-level BPE", ByteLevelBpe::of),
          new Engine("SentencePiece BPE", SentencePieceBpe::of));

  private Tokenizers() {}

  private record Engine(String name, Reading reading) {}

  @FunctionalInterface
  private interface Reading {
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
    String model = file.model().path("type").asText("without a type");
    if (!model.equals("BPE")) {
      return library.because("model " + model);
    }
    List<String> refusals = new ArrayList<>();
    for (Engine engine : ENGINES) {
      try {
        JavaEncoder encoder = engine.reading().of(file, specialTokens);
        Optional<String> difference =
            SelfTest.difference(encoder, library, file.part("added_tokens"));
        if (difference.isEmpty()) {
          return new JavaTokenizer(encoder, library);
        }
        refusals.add(engine.name() + ": " + difference.get());
      } catch (UnsupportedTokenizerException e) {
        refusals.add(engine.name() + ": " + e.getMessage());
      }
    }
    return library.because(String.join("; ", refusals));
  }
}
