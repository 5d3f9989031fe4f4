package dev.anneal.jobs.tokenize.map;

import dev.anneal.data.config.InputConfig;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.InputColumns;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.task.JavaBytes;
import dev.anneal.jobs.tokenize.choose.StepsPlan;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import dev.anneal.jobs.tokenize.encode.RowEncoder;
import dev.anneal.jobs.tokenize.staging.SplitMarker;
import dev.anneal.jobs.tokenize.staging.SplitWork;
import dev.anneal.jobs.tokenize.staging.StagedOutput;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.staging.StagingFolder;
import dev.anneal.jobs.tokenize.tally.PhaseClock;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import java.io.IOException;
import java.util.Optional;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;

/**
 * Phase one of the job, one call a split: reads its rows, tokenizes them and stages the result, or
 * takes what an earlier run staged. Serializable, stateless.
 *
 * @param tokenizer {@link TokenizerFiles} as {@link JavaBytes}
 */
record SplitTokenizer(
    HadoopFileStore store,
    Broadcast<byte[]> tokenizer,
    EncoderPlan plan,
    StepsPlan steps,
    String stagingFolder)
    implements Function<byte[], byte[]> {

  @Override
  public byte[] call(byte[] bytes) throws IOException {
    SplitWork work = JavaBytes.to(SplitWork.class, bytes);
    if (!work.staged().isEmpty()) {
      Optional<StagedSplit> found = SplitMarker.reuse(store, work.staged(), work.split());
      if (found.isPresent()) {
        return JavaBytes.of(found.get());
      }
    }
    return JavaBytes.of(stage(work.split()));
  }

  private StagedSplit stage(CorpusSplit split) throws IOException {
    InputConfig input = plan.config().inputs().get(split.input());
    try (OpenTokenizers.Lease lease =
        OpenTokenizers.ofProcess()
            .acquire(
                plan.tokenizerHash(),
                plan.specialTokens(),
                () -> JavaBytes.to(TokenizerFiles.class, tokenizer.value()))) {
      PhaseClock clock = new PhaseClock();
      RowEncoder encoder = plan.encoder(input, lease, clock);
      InputColumns columns = new InputColumns(plan.config());
      RowWork rows = new RowWork(columns, steps.choice(store, split, lease), encoder);
      boolean allowsBad = plan.config().maxBadRatio() > 0;
      try (StagedOutput out =
          new StagedOutput(store, stagingFolder, StagingFolder.name(split), clock)) {
        return new SplitStaging(split, rows, out, clock, allowsBad).run(store);
      }
    }
  }
}
