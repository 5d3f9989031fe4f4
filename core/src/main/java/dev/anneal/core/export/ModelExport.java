package dev.anneal.core.export;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.ShardedSafetensors;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.config.ModelConfigJson;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HalfType;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes a Hugging Face model folder: config, weights, generation config and tokenizer files. */
public final class ModelExport {
  private static final long DEFAULT_MAX_SHARD_BYTES = 5_000_000_000L;
  private static final long BLOCK_FLOATS = 1 << 20;

  private final FileStore store;
  private final long maxShardBytes;

  /** Weight files of at most 5 GB, as transformers cuts them. */
  public ModelExport(FileStore store) {
    this(store, DEFAULT_MAX_SHARD_BYTES);
  }

  /**
   * @param maxShardBytes weights are split into files of at most this size; a larger tensor has a
   *     file of its own
   */
  public ModelExport(FileStore store, long maxShardBytes) {
    this.store = store;
    this.maxShardBytes = maxShardBytes;
  }

  /** Type of the written weights. */
  public enum StorageType {
    FLOAT32(DType.F32, "float32", Optional.empty()),
    BFLOAT16(DType.BF16, "bfloat16", Optional.of(HalfType.BF16)),
    FLOAT16(DType.F16, "float16", Optional.of(HalfType.FP16));

    private final DType dtype;
    private final String configName;
    private final Optional<HalfType> half;

    StorageType(DType dtype, String configName, Optional<HalfType> half) {
      this.dtype = dtype;
      this.configName = configName;
      this.half = half;
    }

    /** The type that a config.json names; what cannot be written becomes fp32. */
    public static StorageType of(String configName) {
      return Arrays.stream(values())
          .filter(type -> type.configName.equals(configName))
          .findFirst()
          .orElse(FLOAT32);
    }

    /** Whether every finite value stays finite. */
    public boolean holds(FloatRegion values) {
      return half.flatMap(type -> type.beyond(values)).isEmpty();
    }
  }

  /** Gives a weight's values; the exporter closes them. */
  public interface Weights {
    Tensor open(String name, long[] shape);
  }

  /** Writes all files; config.json comes last. */
  public void write(String folder, ModelFolder source, Weights weights, StorageType type)
      throws IOException {
    List<TensorSource> tensors = new ArrayList<>();
    Map<String, Shape> layout = new DecoderLayout(source.config()).weights();
    layout.forEach(
        (name, shape) ->
            tensors.add(
                new TensorSource(
                    name,
                    type.dtype,
                    shape,
                    sink -> {
                      try (Tensor value = weights.open(name, shape.toArray())) {
                        push(name, value.region(), type, sink);
                      }
                    })));
    new ShardedSafetensors(store, maxShardBytes).write(folder, tensors);
    for (Path file : source.tokenizerFiles()) {
      copy(file, folder);
    }
    Path generation = source.path().resolve(ModelFolder.GENERATION_CONFIG_FILE);
    if (Files.exists(generation)) {
      copy(generation, folder);
    }
    store.writeBytes(
        FileStore.join(folder, ModelFolder.CONFIG_FILE),
        ModelConfigJson.render(
            source.configJson(), source.config().withStorageType(type.configName)));
  }

  private static void push(
      String name, FloatRegion region, StorageType type, TensorSource.ChunkSink sink)
      throws IOException {
    Optional<Float> beyond = type.half.flatMap(half -> half.beyond(region));
    if (beyond.isPresent()) {
      throw new ConfigException(
          "Cannot write "
              + name
              + " as "
              + type.configName
              + ": it holds "
              + beyond.get()
              + ", which would become infinite (set export.dtype to bfloat16 or float32)");
    }
    for (long at = 0; at < region.length(); at += BLOCK_FLOATS) {
      FloatRegion block = region.slice(at, Math.min(BLOCK_FLOATS, region.length() - at));
      sink.write(type.half.isPresent() ? type.half.get().narrow(block) : HostMemory.bytes(block));
    }
  }

  private void copy(Path file, String folder) throws IOException {
    store.write(
        FileStore.join(folder, file.getFileName().toString()), out -> Files.copy(file, out));
  }
}
