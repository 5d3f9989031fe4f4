package dev.anneal.core.checkpoint;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Finds the newest whole checkpoint by all ranks of a group together: each holds its share of the
 * files against their checksums, its own among them, so that no rank reads what the others wrote.
 * One thread a rank.
 */
public final class SharedVerification {
  private final FileStore store;
  private final String folder;
  private final Collective ranks;
  private final Consumer<String> warnings;
  private final CheckpointVerifier verifier;

  /**
   * @param folder the run's {@code checkpoints} folder
   * @param warnings gets a line for every checkpoint that is passed over, on rank 0
   */
  public SharedVerification(
      FileStore store, String folder, Collective ranks, Consumer<String> warnings) {
    this.store = store;
    this.folder = folder;
    this.ranks = ranks;
    this.warnings = ranks.rank() == 0 ? warnings : line -> {};
    this.verifier = new CheckpointVerifier(store);
  }

  /**
   * The folder of the newest checkpoint whose files match their checksums; every rank calls.
   *
   * @param start where the run itself began, if not anew; taken when it has saved nothing since
   * @throws FormatException when the start is not whole any more
   */
  public Optional<String> latest(Optional<String> start) throws IOException {
    for (String candidate : candidates()) {
      String problems = problems(candidate);
      if (problems.isEmpty()) {
        return Optional.of(candidate);
      }
      warnings.accept("Skipping checkpoint " + candidate + ": " + problems);
    }
    String problems = start.isEmpty() ? "" : problems(start.get());
    if (!problems.isEmpty()) {
      throw new FormatException("Cannot resume from " + start.get() + ": " + problems);
    }
    return start;
  }

  /** Rank 0 looks which are there: two listings could differ. */
  private List<String> candidates() throws IOException {
    String mine = "";
    if (ranks.rank() == 0) {
      mine =
          new CheckpointStore(store, folder, warnings)
              .committed().stream().map(Checkpoint::folder).collect(Collectors.joining("\n"));
    }
    byte[][] all = ranks.allGather(mine.getBytes(StandardCharsets.UTF_8));
    return new String(all[0], StandardCharsets.UTF_8).lines().toList();
  }

  private String problems(String candidate) throws IOException {
    String mine = "";
    try {
      Checkpoint checkpoint = verifier.verify(candidate, CheckpointVerifier.Depth.SIZES);
      List<RankFile> files = checkpoint.manifest().files();
      for (int i = ranks.rank(); i < files.size(); i += ranks.worldSize()) {
        verifier.checkBytes(candidate, files.get(i));
      }
    } catch (FormatException e) {
      mine = e.getMessage();
    }
    TreeSet<String> found = new TreeSet<>();
    for (byte[] problem : ranks.allGather(mine.getBytes(StandardCharsets.UTF_8))) {
      found.add(new String(problem, StandardCharsets.UTF_8));
    }
    found.remove("");
    return String.join("; ", found);
  }
}
