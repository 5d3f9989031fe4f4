package dev.anneal.jobs.tokenize.staging;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.Sha256;
import dev.anneal.core.run.BuildVersion;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where tokenized splits wait for their shards. Its name holds what all splits depend on, and the
 * name of each split its own slices, so that a run after one that failed finds what it can use: a
 * file that was mended voids its own splits alone. Immutable.
 */
public final class StagingFolder {
  public static final String PREFIX = "staging-";
  static final String MARKER_SUFFIX = ".done";

  private static final int VERSION = 3; // of the staged files' form
  private static final Pattern SPLIT_FILE =
      Pattern.compile("\\.?(split-(.+)-[0-9a-f-]{36})([.].*)?");

  private final HadoopFileStore store;
  private final String path;

  private StagingFolder(HadoopFileStore store, String path) {
    this.store = store;
    this.path = path;
  }

  /**
   * The staging of a run with this origin.
   *
   * @param own our own folder of the output
   * @param wholeCorpus whether each split depends on all inputs
   */
  public static StagingFolder of(
      HadoopFileStore store, String own, ShardManifest.Origin origin, boolean wholeCorpus) {
    StringBuilder key = new StringBuilder("staging " + VERSION + "\n");
    key.append(BuildVersion.current().display()).append('\n');
    key.append(origin.tokenizerHash()).append('\n').append(origin.templateHash()).append('\n');
    key.append(origin.optionsHash()).append('\n');
    if (wholeCorpus) {
      origin.inputs().forEach(input -> key.append(input).append('\n'));
    }
    String hash = Sha256.of(key.toString().getBytes(StandardCharsets.UTF_8)).substring(0, 16);
    return new StagingFolder(store, FileStore.join(own, PREFIX + hash));
  }

  /** What the attempts at a split have in their names. */
  public static String name(CorpusSplit split) {
    return split.work().substring(0, 32);
  }

  public String path() {
    return path;
  }

  public String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /**
   * The work that is to be done for each split, with the attempt of an earlier run that ended well.
   * What other attempts left is removed.
   */
  public List<SplitWork> work(List<CorpusSplit> splits) throws IOException {
    List<FileEntry> entries = store.list(path);
    Map<String, String> whole = new HashMap<>();
    for (FileEntry entry : entries) {
      Matcher name = SPLIT_FILE.matcher(entry.name());
      if (name.matches() && entry.name().equals(name.group(1) + MARKER_SUFFIX)) {
        whole.putIfAbsent(name.group(2), name.group(1));
      }
    }
    Set<String> wanted = new HashSet<>();
    splits.forEach(split -> wanted.add(name(split)));
    whole.keySet().retainAll(wanted);
    for (FileEntry entry : entries) {
      Matcher name = SPLIT_FILE.matcher(entry.name());
      boolean ofSplit = name.matches() && !entry.name().startsWith(".");
      boolean kept = ofSplit && name.group(1).equals(whole.get(name.group(2)));
      if (!kept && (name.matches() || entry.name().endsWith(".tmp"))) {
        store.delete(entry.path());
      }
    }
    List<SplitWork> work = new ArrayList<>();
    for (CorpusSplit split : splits) {
      String attempt = whole.getOrDefault(name(split), "");
      work.add(new SplitWork(split, attempt.isEmpty() ? "" : FileStore.join(path, attempt)));
    }
    return work;
  }

  /** Whether neither a whole split nor the rows of a query are in it. */
  public boolean isWorthless() throws IOException {
    return store.list(path).stream().noneMatch(entry -> entry.name().endsWith(MARKER_SUFFIX));
  }

  public void remove() throws IOException {
    store.delete(path);
  }
}
