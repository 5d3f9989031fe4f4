package dev.anneal.core.export;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.ShardedSafetensors;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.DecoderLayout;
import dev.anneal.core.model.ModelConfigJson;
import dev.anneal.core.model.ModelFolder;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HalfType;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
    FLOAT32(DType.F32, "float32"),
    BFLOAT16(DType.BF16, "bfloat16");

    private final DType dtype;
    private final String configName;

    StorageType(DType dtype, String configName) {
      this.dtype = dtype;
      this.configName = configName;
    }

    /** The type that a config.json names; what cannot be written becomes fp32. */
    public static StorageType of(String configName) {
      return BFLOAT16.configName.equals(configName) ? BFLOAT16 : FLOAT32;
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
    Map<String, long[]> layout = new DecoderLayout(source.config()).weights();
    layout.forEach(
        (name, shape) ->
            tensors.add(
                new TensorSource(
                    name,
                    type.dtype,
                    Shape.of(shape),
                    sink -> {
                      try (Tensor value = weights.open(name, shape)) {
                        push(value.region(), type, sink);
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

  private static void push(FloatRegion region, StorageType type, TensorSource.ChunkSink sink)
      throws IOException {
    for (long at = 0; at < region.length(); at += BLOCK_FLOATS) {
      FloatRegion block = region.slice(at, Math.min(BLOCK_FLOATS, region.length() - at));
      sink.write(
          type == StorageType.FLOAT32 ? HostMemory.bytes(block) : HalfType.BF16.narrow(block));
    }
  }

  private void copy(Path file, String folder) throws IOException {
    store.write(
        FileStore.join(folder, file.getFileName().toString()), out -> Files.copy(file, out));
  }
}
