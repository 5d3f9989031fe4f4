package dev.anneal.spark.ml;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A decoder that embeds texts: a forward pass over a batch laid end to end, without padding. Owns
 * model, tokenizer and libtorch's runtime; to be used by the thread that opened it.
 */
final class EmbeddingModel implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final Tokenizer tokenizer;
  private final TrainedModel model;
  private final Settings settings;

  /**
   * How texts are read.
   *
   * @param maxLength most tokens of a text; 0 for no limit
   */
  record Settings(Pooling pooling, int maxLength, int threads) {}

  private EmbeddingModel(Path folder, Settings settings) {
    this.settings = settings;
    try {
      ModelFolder model = ModelFolder.open(folder);
      this.tokenizer = scope.own(Tokenizers.open(TokenizerFolder.open(folder)));
      TensorRuntime runtime = scope.own(TensorRuntime.open(Device.CPU));
      runtime.prepareThread(settings.threads());
      this.model = scope.own(TrainedModel.forInference(runtime, model, Optional.empty()));
    } catch (RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  static EmbeddingModel open(Path folder, Settings settings) {
    return new EmbeddingModel(folder, settings);
  }

  /** A vector a text, in order; empty for a text without tokens. */
  List<Optional<float[]>> embed(List<String> texts) {
    List<int[]> encoded = texts.stream().map(this::encode).toList();
    List<TokenRow> rows = new ArrayList<>();
    for (int[] ids : encoded) {
      if (ids.length > 0) {
        rows.add(new TokenRow(ids, ids, new int[] {ids.length}));
      }
    }
    float[] states =
        rows.isEmpty() ? new float[0] : model.model().hiddenStates(MicroBatch.of(rows, 0));
    int total = rows.stream().mapToInt(row -> row.inputIds().length).sum();
    int width = total == 0 ? 0 : states.length / total;
    List<Optional<float[]>> vectors = new ArrayList<>();
    int first = 0;
    for (int[] ids : encoded) {
      vectors.add(
          ids.length == 0
              ? Optional.empty()
              : Optional.of(settings.pooling().pool(states, first, ids.length, width)));
      first += ids.length;
    }
    return vectors;
  }

  /** As {@code tokenizer(text)} of transformers: with what the post-processor adds. */
  private int[] encode(String text) {
    IntStream ids =
        Stream.of(
                tokenizer.documentPrefix().stream().mapToInt(Integer::intValue),
                IntStream.of(tokenizer.encode(text)),
                tokenizer.documentSuffix().stream().mapToInt(Integer::intValue))
            .flatMapToInt(part -> part);
    return settings.maxLength() == 0 ? ids.toArray() : ids.limit(settings.maxLength()).toArray();
  }

  @Override
  public void close() {
    scope.close();
  }
}
