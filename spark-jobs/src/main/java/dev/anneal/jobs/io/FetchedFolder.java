package dev.anneal.jobs.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.IoThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * Brings a model or adapter folder to this host, several files at once: what is loaded from it, not
 * the same weights in other formats, which lie in many folders too. Those become empty files, so
 * that a message can name them. Immutable.
 */
record FetchedFolder(HadoopFileStore store, HostCache cache, Depth depth) {
  private static final int THREADS = 8;
  private static final String SAFETENSORS = ".safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String CONFIG = "config.json";
  private static final List<String> COMPARED =
      List.of("lm_head.weight", "model.embed_tokens.weight");

  /** Larger files that are no safetensors are weights of other programs. */
  private static final long LARGEST_OTHER = 256L << 20;

  private static final Set<String> CHILDREN = Set.of("additional_chat_templates");

  /** How much of the weight files comes. */
  enum Depth {
    WHOLE,
    HEADERS
  }

  /**
   * The folder's place on this host, when everything is there.
   *
   * @param key the setting that named it, for messages
   */
  Path of(String folder, String key) throws IOException {
    List<FileEntry> entries = store.list(folder);
    if (entries.isEmpty()) {
      throw new ConfigException("Cannot read " + key + ": " + folder + " (no such folder)");
    }
    Weights weights = weights(folder, entries);
    List<Callable<Void>> work = new ArrayList<>();
    for (FileEntry entry : entries) {
      if (!entry.folder()) {
        work.add(() -> fetch(group(folder), entry.name(), entry, weights));
      } else if (CHILDREN.contains(entry.name())) {
        for (FileEntry child : store.list(entry.path())) {
          String name = entry.name() + "/" + child.name();
          work.add(() -> fetch(group(folder), name, child, weights));
        }
      }
    }
    IoThreads.all(THREADS, "anneal-fetch", work);
    Path here = cache.folder(group(folder), false);
    Files.createDirectories(here);
    return here;
  }

  private String group(String folder) {
    return depth + " " + folder;
  }

  private Void fetch(String group, String name, FileEntry entry, Weights weights)
      throws IOException {
    if (entry.folder()) {
      return null;
    }
    requireInside(entry, name);
    boolean tensors = name.endsWith(SAFETENSORS);
    boolean wanted = tensors ? weights.files().contains(name) : entry.sizeBytes() <= LARGEST_OTHER;
    HostCache.Copy copy;
    if (!wanted || isPickle(name)) {
      copy = Files::createFile;
    } else if (tensors && depth == Depth.HEADERS) {
      copy =
          new HeaderCopy(
              store, entry.path(), entry.sizeBytes(), weights.compared(), weights.inOneFile());
    } else {
      copy = new Download(store, entry.path(), entry.sizeBytes(), Optional.empty());
    }
    cache.fetch(new HostCache.Wanted(group, name, entry.sizeBytes(), false), copy);
    return null;
  }

  private static void requireInside(FileEntry entry, String name) throws IOException {
    Path relative = Path.of(name).normalize();
    if (relative.isAbsolute() || relative.startsWith("..")) {
      throw new IOException("Cannot copy " + entry.path() + ": the name leads out of its folder");
    }
  }

  private static boolean isPickle(String name) {
    return name.endsWith(".bin") || name.endsWith(".pt") || name.endsWith(".pth");
  }

  /**
   * Which weights are loaded.
   *
   * @param files by name
   * @param compared tensors whose values decide what the model is: where the head is tied to the
   *     embeddings and yet stored, both are compared
   * @param inOneFile whether no index says where these are
   */
  private record Weights(Set<String> files, List<String> compared, boolean inOneFile) {}

  /** The files that the index names, where no single file goes before it; else all there are. */
  private Weights weights(String folder, List<FileEntry> entries) throws IOException {
    Set<String> all = new HashSet<>();
    Set<String> names = new HashSet<>();
    for (FileEntry entry : entries) {
      names.add(entry.name());
      if (entry.name().endsWith(SAFETENSORS)) {
        all.add(entry.name());
      }
    }
    boolean tied =
        names.contains(CONFIG) && json(folder, CONFIG).path("tie_word_embeddings").asBoolean(true);
    String single = "model" + SAFETENSORS;
    if (all.contains(single) || !names.contains(INDEX)) {
      return new Weights(
          all.contains(single) ? Set.of(single) : all, tied ? COMPARED : List.of(), true);
    }
    Set<String> named = new HashSet<>();
    JsonNode index = json(folder, INDEX).path("weight_map");
    for (JsonNode file : index) {
      named.add(file.asText().substring(file.asText().lastIndexOf('/') + 1));
    }
    boolean both = COMPARED.stream().allMatch(index::has);
    return new Weights(named, tied && both ? COMPARED : List.of(), false);
  }

  /** Empty for what is no JSON: whoever needs it says what is wrong with it. */
  private JsonNode json(String folder, String name) throws IOException {
    try {
      return new ObjectMapper().readTree(store.readBytes(FileStore.join(folder, name)));
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
