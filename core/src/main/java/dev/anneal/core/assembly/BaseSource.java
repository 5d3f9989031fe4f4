package dev.anneal.core.assembly;

import dev.anneal.core.assembly.TrainedModel.Assembly;
import dev.anneal.core.assembly.TrainedModel.BaseWeights;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.fourbit.FourBitFormat;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.FourBitWeights;
import dev.anneal.core.model.weights.InitialWeights;
import dev.anneal.core.model.weights.OverlaidWeights;
import dev.anneal.core.model.weights.ResizedWeights;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.model.weights.TypedWeights;
import dev.anneal.core.model.weights.WeightSource;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Where the base weights of an assembly come from: its files or nothing, with more rows where it
 * asks for them, rounded to 4 bits where they are stored so, and with the embeddings that an
 * adapter's file brings along. What it opens belongs to the scope. One thread.
 */
final class BaseSource {
  private final TensorRuntime runtime;
  private final TensorProgram tensors;
  private final Assembly assembly;
  private final TensorScope scope;
  private final DecoderConfig config;
  private final Set<String> given = new HashSet<>();

  /** Borrows everything it is given. */
  BaseSource(TensorRuntime runtime, TensorProgram tensors, Assembly assembly, TensorScope scope) {
    this.runtime = runtime;
    this.tensors = tensors;
    this.assembly = assembly;
    this.scope = scope;
    this.config = AdapterMethod.config(assembly.folder().config(), assembly.adapter());
    assembly.adapterFolder().ifPresent(folder -> given.addAll(folder.savedEmbeddings().keySet()));
    DecoderLayout layout = new DecoderLayout(config);
    assembly.adapter().ifPresent(method -> given.removeAll(method.trainedWeights(layout)));
  }

  /** Whether the adapter's file brings embeddings along that nobody trains. */
  boolean givesOwn() {
    return !given.isEmpty();
  }

  /** Whether embeddings have other rows than the base's files. */
  boolean resized() {
    return givesOwn() || config.vocabSize() != assembly.folder().storedVocabSize();
  }

  /** The base itself. */
  WeightSource open() {
    WeightSource stored = stored();
    Optional<FourBitFormat> format =
        FourBitFormat.of(assembly.frozen(), assembly.doubleQuantisation());
    if (assembly.precision().half()) {
      stored = new TypedWeights(stored, assembly.precision().product(), tensors);
    }
    if (format.isEmpty()) {
      return stored;
    }
    DecoderLayout layout = new DecoderLayout(config);
    return scope.own(new FourBitWeights(stored, format.get(), layout, runtime, tensors));
  }

  private WeightSource stored() {
    if (assembly.weights() == BaseWeights.FROM_SCRATCH) {
      return new InitialWeights(runtime, assembly.seed(), config.initializerRange());
    }
    SafetensorsReader reader =
        AdapterMethod.folder(assembly.folder(), assembly.adapter()).openWeights();
    WeightSource stored =
        scope.own(
            assembly.keepsFileTypes()
                ? SafetensorsWeights.asStored(runtime, reader, tensors)
                : new SafetensorsWeights(runtime, reader));
    int rows = assembly.folder().storedVocabSize();
    return rows == config.vocabSize() ? stored : ResizedWeights.over(runtime, stored, rows);
  }

  /** The base with what the adapter's file brings along. */
  WeightSource withGiven(WeightSource base) {
    if (given.isEmpty()) {
      return base;
    }
    try {
      SafetensorsReader reader = assembly.adapterFolder().orElseThrow().openWeights();
      SafetensorsWeights file = scope.own(new SafetensorsWeights(runtime, reader));
      return new OverlaidWeights(
          base,
          (name, shape) -> given.contains(name),
          (name, shape) -> file.open(AdapterMethod.PEFT_PREFIX + name, shape));
    } catch (IOException e) {
      throw new ConfigException(e.getMessage() + " (adapter.path)", e);
    }
  }
}
