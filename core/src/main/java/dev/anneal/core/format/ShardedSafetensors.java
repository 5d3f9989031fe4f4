package dev.anneal.core.format;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;

/**
 * The weights of a model folder: {@code model.safetensors}, or shards with an index where that file
 * would be too large. Weight files of an earlier export are removed once the new ones are complete.
 */
public final class ShardedSafetensors {
  private final FileStore store;
  private final SafetensorsWriter writer;
  private final long maxShardBytes;

  public ShardedSafetensors(FileStore store, long maxShardBytes) {
    if (maxShardBytes <= 0) {
      throw new IllegalArgumentException(
          "Invalid max_shard_size: " + maxShardBytes + " (must be > 0)");
    }
    this.store = store;
    this.writer = new SafetensorsWriter(store);
    this.maxShardBytes = maxShardBytes;
  }

  /** Writes the tensors, cut between tensors in the order given; returns the weight files. */
  public List<WrittenFile> write(String folder, List<TensorSource> tensors) throws IOException {
    List<List<TensorSource>> shards = split(tensors);
    List<WrittenFile> written = new ArrayList<>();
    Set<String> names = new HashSet<>();
    TreeMap<String, String> fileOfTensor = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name = shardName(i, shards.size());
      names.add(name);
      written.add(
          writer.write(
              FileStore.join(folder, name), shards.get(i), SafetensorsWriter.PYTORCH_METADATA));
      shards.get(i).forEach(tensor -> fileOfTensor.put(tensor.name(), name));
    }
    if (shards.size() > 1) {
      names.add(SafetensorsIndex.INDEX_FILE);
      store.writeBytes(
          FileStore.join(folder, SafetensorsIndex.INDEX_FILE), index(tensors, fileOfTensor));
    }
    removeOthers(folder, names);
    return written;
  }

  private List<List<TensorSource>> split(List<TensorSource> tensors) {
    List<List<TensorSource>> shards = new ArrayList<>();
    List<TensorSource> current = new ArrayList<>();
    long bytes = 0;
    for (TensorSource tensor : tensors) {
      if (!current.isEmpty() && bytes + tensor.bytes() > maxShardBytes) {
        shards.add(current);
        current = new ArrayList<>();
        bytes = 0;
      }
      current.add(tensor);
      bytes += tensor.bytes();
    }
    shards.add(current);
    return shards;
  }

  private static String shardName(int index, int count) {
    return count == 1
        ? SafetensorsIndex.SINGLE_FILE
        : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", index + 1, count);
  }

  private static byte[] index(List<TensorSource> tensors, TreeMap<String, String> fileOfTensor) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.putObject("metadata")
        .put("total_size", tensors.stream().mapToLong(TensorSource::bytes).sum());
    ObjectNode weightMap = root.putObject("weight_map");
    fileOfTensor.forEach(weightMap::put);
    return HuggingFaceJson.render(root);
  }

  private void removeOthers(String folder, Set<String> keep) throws IOException {
    for (FileEntry entry : store.list(folder)) {
      String name = entry.name();
      boolean weights =
          name.equals(SafetensorsIndex.SINGLE_FILE)
              || name.equals(SafetensorsIndex.INDEX_FILE)
              || name.matches("model-\\d{5}-of-\\d{5}\\.safetensors");
      if (weights && !keep.contains(name)) {
        store.delete(entry.path());
      }
    }
  }
}
