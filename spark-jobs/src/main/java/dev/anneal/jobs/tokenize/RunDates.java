package dev.anneal.jobs.tokenize;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.choose.Decisions;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import dev.anneal.jobs.tokenize.output.OutputFolder;
import dev.anneal.jobs.tokenize.staging.StagingFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;

/**
 * The date that a chat template tells: that of the run which made, or began to make, what the
 * output folder holds, so that the same command again finds its work done, and a run that goes on
 * tells one date. Sets of one corpus tell the date of the first. Runs on the driver.
 *
 * @param shared a folder of all sets; empty without sets
 */
record RunDates(HadoopFileStore store, OutputFolder output, String shared) {
  private static final String FILE = "template-date";

  /**
   * The plan with the date that counts.
   *
   * @param origin what shards by a plan would be made of
   */
  EncoderPlan of(EncoderPlan plan, Function<EncoderPlan, ShardManifest.Origin> origin)
      throws IOException {
    if (!plan.datesItself()) {
      return plan;
    }
    Optional<String> earlier = output.madeWith(CorpusOrigin.DATE);
    if (earlier.isEmpty() && !shared.isEmpty()) {
      earlier = read(shared);
    }
    EncoderPlan dated = earlier.isPresent() ? plan.withDate(earlier.get()) : begun(plan, origin);
    if (!shared.isEmpty()) {
      keep(shared, dated);
    }
    return dated;
  }

  /** Writes the date down for a run that goes on after this one. */
  void keep(String folder, EncoderPlan plan) throws IOException {
    String file = FileStore.join(folder, FILE);
    if (!plan.date().isEmpty() && !store.exists(file)) {
      store.writeBytes(file, (plan.date() + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private Optional<String> read(String folder) throws IOException {
    String file = FileStore.join(folder, FILE);
    return store.exists(file)
        ? Optional.of(new String(store.readBytes(file), StandardCharsets.UTF_8).strip())
        : Optional.empty();
  }

  /** With the date of staged splits that are this run's but for it. */
  private EncoderPlan begun(EncoderPlan plan, Function<EncoderPlan, ShardManifest.Origin> origin)
      throws IOException {
    for (FileEntry entry : store.list(output.own(""))) {
      if (entry.name().startsWith(StagingFolder.PREFIX)) {
        Optional<EncoderPlan> begun = read(entry.path()).map(plan::withDate);
        if (begun.isPresent()
            && StagingFolder.of(
                    store,
                    output.own(""),
                    origin.apply(begun.get()),
                    Decisions.compareSplits(plan.config()))
                .name()
                .equals(entry.name())) {
          return begun.get();
        }
      }
    }
    return plan;
  }
}
