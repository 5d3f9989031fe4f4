package dev.anneal.jobs.tokenizer;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of a tokenizer folder as bytes, to travel from the driver to the executors.
 *
 * @param folder as the user wrote it, for messages
 */
public record TokenizerFiles(String folder, LinkedHashMap<String, byte[]> contents)
    implements Serializable {
  private static final List<String> NAMES =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja",
          "additional_chat_templates/tool_use.jinja");

  /**
   * Reads a folder anywhere the store reaches.
   *
   * @param key the setting that names the folder, for messages
   */
  public static TokenizerFiles read(HadoopFileStore store, String folder, String key)
      throws IOException {
    LinkedHashMap<String, byte[]> contents = new LinkedHashMap<>();
    for (String name : NAMES) {
      String path = FileStore.join(folder, name);
      if (store.exists(path)) {
        contents.put(name, store.readBytes(path));
      }
    }
    if (!contents.containsKey(NAMES.get(0))) {
      String reason =
          contents.isEmpty() && !store.exists(folder)
              ? "no such folder"
              : "it holds no " + NAMES.get(0);
      throw new ConfigException(
          "Cannot read tokenizer " + folder + ": " + reason + " (" + key + ")");
    }
    return new TokenizerFiles(folder, contents);
  }

  /** The text of the tokenizer itself, with what the other files make of it. */
  String tokenizerJson() throws IOException {
    Path copy = unpack();
    try {
      return TokenizerFolder.open(copy, folder).tokenizerJson();
    } finally {
      new LocalFileStore().delete(copy.toString());
    }
  }

  /** The hash that the folder's manifest and its shards name. */
  public String contentHash() throws IOException {
    Path copy = unpack();
    try {
      return TokenizerFolder.open(copy, folder).contentHash();
    } finally {
      new LocalFileStore().delete(copy.toString());
    }
  }

  /** Writes the files into a fresh temporary folder, which belongs to the caller. */
  Path unpack() throws IOException {
    Path copy = Files.createTempDirectory("anneal-tokenizer");
    for (Map.Entry<String, byte[]> file : contents.entrySet()) {
      Path target = copy.resolve(file.getKey());
      Files.createDirectories(target.getParent());
      Files.write(target, file.getValue());
    }
    return copy;
  }
}
