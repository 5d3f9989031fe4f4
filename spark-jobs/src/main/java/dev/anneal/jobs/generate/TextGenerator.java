package dev.anneal.jobs.generate;

import dev.anneal.core.assembly.AdaptedModels;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.config.MemorySize;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.generate.TokenGenerator;
import dev.anneal.core.model.MatrixProducts;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import dev.anneal.data.tokenize.GrowingText;
import dev.anneal.data.tokenize.TokenNames;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import dev.anneal.jobs.io.StagedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model, with or without an adapter, that answers prompts. The tokenizer is the model folder's.
 * Owns model, tokenizer and libtorch's runtime; to be used by the thread that opened it, on the
 * driver or inside a task.
 */
public final class TextGenerator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TextGenerator.class);

  private final TensorScope scope = new TensorScope();
  private final ModelChoice models;
  private final PromptEncoder prompts;
  private final Tokenizer tokenizer;
  private final TokenizerFolder files;
  private final Set<Integer> endIds;
  private boolean logged;

  /**
   * What to open; all of it on this machine.
   *
   * @param model a Hugging Face model folder with its tokenizer
   * @param adapter a PEFT folder
   * @param named PEFT folders that {@link #use} switches to
   * @param threads libtorch's threads
   */
  public record Source(Path model, Optional<Path> adapter, Map<String, Path> named, int threads) {
    public Source {
      named = Collections.unmodifiableMap(new LinkedHashMap<>(named));
    }

    /** With one adapter at most. */
    public Source(Path model, Optional<Path> adapter, int threads) {
      this(model, adapter, Map.of(), threads);
    }

    /** On the driver, with {@code distributed.threads_per_rank} or else all cores. */
    public static Source of(StagedModel staged, DistributedConfig config) {
      return of(staged, config.threads(1));
    }

    /** All that was staged. */
    public static Source of(StagedModel staged, int threads) {
      return new Source(staged.model(), staged.adapter(), staged.named(), threads);
    }
  }

  private TextGenerator(Source source, PromptStyle style) {
    ModelFolder folder = ModelFolder.open(source.model());
    try {
      this.files = TokenizerFolder.open(source.model());
      this.tokenizer = scope.own(Tokenizers.open(files));
      this.prompts = new PromptEncoder(files, tokenizer, style);
      TensorRuntime runtime = scope.own(TensorRuntime.open(Device.CPU));
      runtime.prepareThread(source.threads());
      this.models =
          scope.own(ModelChoice.forGeneration(runtime, folder, source.adapter(), source.named()));
      this.endIds = new HashSet<>(folder.eosTokenIds());
      this.endIds.addAll(prompts.endIds());
    } catch (RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  /**
   * Switches to a named adapter, or to the bare model by {@link AdaptedModels#BARE}; the empty name
   * is where it began.
   *
   * @throws ConfigException that lists the names there are
   */
  public void use(String adapter) {
    models.use(adapter);
  }

  /** Opens everything; {@link ConfigException} says what is missing or does not fit. */
  public static TextGenerator open(Source source, PromptStyle style) {
    return new TextGenerator(source, style);
  }

  /**
   * One answer a prompt, in order, without special tokens. Draws depend on the seed and the
   * prompt's place in the list alone, whatever the batch size.
   *
   * @param settings the tokenizer's and the model's end tokens come on top of its own
   */
  public List<String> answers(List<String> texts, GenerationSettings settings, int batchSize) {
    return answers(texts, settings, batchSize, 0);
  }

  /**
   * As {@link #answers(List, GenerationSettings, int)} for a part of the prompts.
   *
   * @param firstPlace the place of the first prompt among all
   */
  public List<String> answers(
      List<String> texts, GenerationSettings settings, int batchSize, long firstPlace) {
    List<int[]> encoded = new ArrayList<>();
    for (String text : texts) {
      encoded.add(prompts.encode(text));
    }
    warnOfLength(encoded, settings.maxNewTokens());
    List<String> answers = new ArrayList<>();
    List<int[]> generated = generator(batchSize).generate(encoded, ended(settings), firstPlace);
    logProducts();
    for (int[] ids : generated) {
      answers.add(prompts.decode(ids));
    }
    return answers;
  }

  /**
   * The answer to one prompt as it comes, in whole characters: laid end to end the pieces are what
   * {@link #answers(List, GenerationSettings, int, long)} gives.
   *
   * @param place of the prompt among all
   */
  public void stream(
      String text, GenerationSettings settings, long place, Consumer<String> pieces) {
    List<int[]> encoded = List.of(prompts.encode(text));
    warnOfLength(encoded, settings.maxNewTokens());
    GrowingText growing = new GrowingText(tokenizer, names());
    generator(1)
        .generate(
            encoded, ended(settings), place, (sequence, id) -> pieces.accept(growing.next(id)));
    pieces.accept(growing.rest());
    logProducts();
  }

  private TokenNames names() {
    try {
      return TokenNames.parse(files.tokenizerJson());
    } catch (IOException e) {
      throw new ConfigException("Cannot read tokenizer " + files.name() + ": " + e.getMessage(), e);
    }
  }

  private TokenGenerator generator(int batchSize) {
    return new TokenGenerator(model().model(), model().config().vocabSize(), batchSize);
  }

  private GenerationSettings ended(GenerationSettings settings) {
    Set<Integer> ends = new HashSet<>(settings.endIds());
    ends.addAll(endIds);
    return settings.withEndIds(ends);
  }

  /** Once: how matrices are multiplied here, and what memory that takes beside the model's. */
  private void logProducts() {
    if (!logged) {
      LOG.info(
          "products={} weights_copied={}",
          MatrixProducts.ofThisHost().label(),
          new MemorySize(model().model().decodeCopyBytes()));
      logged = true;
    }
  }

  private void warnOfLength(List<int[]> encoded, int maxNewTokens) {
    int longest =
        model().model().virtualTokenCount()
            + encoded.stream().mapToInt(ids -> ids.length).max().orElse(0);
    int positions = model().config().maxPositionEmbeddings();
    if (longest + maxNewTokens > positions) {
      LOG.warn(
          "prompt_tokens={} max_new_tokens={} exceed max_position_embeddings={} of the model",
          longest,
          maxNewTokens,
          positions);
    }
  }

  /** The model in use; borrowed, for scoring beside generating. */
  public TrainedModel model() {
    return models.model();
  }

  /** Ids that end an answer. */
  public Set<Integer> endIds() {
    return Set.copyOf(endIds);
  }

  @Override
  public void close() {
    scope.close();
  }
}
