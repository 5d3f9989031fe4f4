package dev.anneal.data.tokenize.engines;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.anneal.data.tokenize.JavaEncoder;
import dev.anneal.data.tokenize.JavaTokenizer;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import dev.anneal.data.tokenize.bpe.ByteLevelBpe;
import dev.anneal.data.tokenize.sentencepiece.SentencePieceBpe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

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

  /** Opens a folder's tokenizer, which may split special tokens by itself. The caller closes it. */
  public static Tokenizer open(TokenizerFolder folder, SpecialTokens asked) {
    SpecialTokens specialTokens = folder.splitsSpecialTokens() ? SpecialTokens.SPLIT : asked;
    // Both take about as long; the library's errors count first, whatever the other finds.
    FutureTask<Candidates> reading = new FutureTask<>(() -> read(folder, specialTokens));
    Thread reader = new Thread(reading, "tokenizer-reader");
    reader.setDaemon(true);
    reader.start();
    NativeTokenizer library = NativeTokenizer.open(folder, specialTokens);
    try {
      return choose(library, reading.get());
    } catch (InterruptedException e) {
      library.close();
      Thread.currentThread().interrupt();
      throw new IllegalStateException(
          "Cannot open tokenizer " + folder.name() + ": interrupted", e);
    } catch (ExecutionException e) {
      library.close();
      throw new IllegalStateException(
          "Cannot open tokenizer " + folder.name() + ": " + e.getCause(), e.getCause());
    }
  }

  /** The encoders in Java that take a file, by engine, and why others do not. */
  private record Candidates(
      Map<String, JavaEncoder> encoders, List<String> refusals, JsonNode addedTokens) {}

  private static Candidates read(TokenizerFolder folder, SpecialTokens specialTokens) {
    Map<String, JavaEncoder> encoders = new LinkedHashMap<>();
    List<String> refusals = new ArrayList<>();
    TokenizerJson file;
    try {
      file = TokenizerJson.parse(folder.tokenizerJson());
    } catch (IOException e) {
      return new Candidates(encoders, List.of(e.getMessage()), MissingNode.getInstance());
    }
    String model = file.model().path("type").asText("without a type");
    if (!model.equals("BPE")) {
      return new Candidates(encoders, List.of("model " + model), MissingNode.getInstance());
    }
    for (Engine engine : ENGINES) {
      try {
        encoders.put(engine.name(), engine.reading().of(file, specialTokens));
      } catch (UnsupportedTokenizerException e) {
        refusals.add(engine.name() + ": " + e.getMessage());
      }
    }
    return new Candidates(encoders, refusals, file.part("added_tokens"));
  }

  private static Tokenizer choose(NativeTokenizer library, Candidates candidates) {
    List<String> refusals = new ArrayList<>(candidates.refusals());
    for (Map.Entry<String, JavaEncoder> candidate : candidates.encoders().entrySet()) {
      Optional<String> difference =
          SelfTest.difference(candidate.getValue(), library, candidates.addedTokens());
      if (difference.isEmpty()) {
        return new JavaTokenizer(candidate.getValue(), library);
      }
      refusals.add(candidate.getKey() + ": " + difference.get());
    }
    return library.because(String.join("; ", refusals));
  }
}
