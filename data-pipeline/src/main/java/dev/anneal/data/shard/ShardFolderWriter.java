package dev.anneal.data.shard;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.ShardManifestParser;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Writes the JSON files that make finished Arrow files a data set: {@code state.json}, {@code
 * dataset_info.json}, and the manifest last. Stateless beside its store.
 */
public final class ShardFolderWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FileStore store;

  public ShardFolderWriter(FileStore store) {
    this.store = store;
  }

  /** The name that datasets gives a shard, such as {@code data-00000-of-00004.arrow}. */
  public static String shardName(int index, int count) {
    return String.format("data-%05d-of-%05d.arrow", index, count);
  }

  /** Publishes a folder whose files are all there. */
  public void publish(String folder, ShardManifest manifest) throws IOException {
    if (!manifest.shards().isEmpty()) {
      write(FileStore.join(folder, "state.json"), state(manifest));
      write(FileStore.join(folder, "dataset_info.json"), datasetInfo());
    }
    write(FileStore.join(folder, ShardManifest.PATH), ShardManifestParser.toJson(manifest));
  }

  private static String state(ShardManifest manifest) {
    ObjectNode root = JSON.createObjectNode();
    ArrayNode files = root.putArray("_data_files");
    manifest.shards().forEach(shard -> files.addObject().put("filename", shard.file()));
    root.put("_fingerprint", manifest.contentHash().substring(0, 16));
    root.putNull("_format_columns");
    root.putObject("_format_kwargs");
    root.putNull("_format_type");
    root.put("_output_all_columns", false);
    root.putNull("_split");
    return root.toPrettyString() + "\n";
  }

  private static String datasetInfo() {
    ObjectNode root = JSON.createObjectNode();
    root.put("citation", "");
    root.put("description", "");
    root.putNull("features");
    root.put("homepage", "");
    root.put("license", "");
    return root.toPrettyString() + "\n";
  }

  private void write(String path, String text) throws IOException {
    store.writeBytes(path, text.getBytes(StandardCharsets.UTF_8));
  }
}
