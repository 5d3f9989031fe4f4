package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.InputConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenizer.JavaBytes;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;

/**
 * Phase one of the job, one call a split: reads its rows, tokenizes them and stages the result
 * under a name of its own, so that a second attempt never meets the first. Serializable, stateless.
 *
 * @param tokenizer {@link TokenizerFiles} as {@link JavaBytes}
 */
record SplitTokenizer(
    HadoopFileStore store, Broadcast<byte[]> tokenizer, EncoderPlan plan, String stagingFolder)
    implements Function<byte[], byte[]> {

  @Override
  public byte[] call(byte[] split) throws IOException {
    return JavaBytes.of(stage(JavaBytes.to(CorpusSplit.class, split)));
  }

  private StagedSplit stage(CorpusSplit split) throws IOException {
    InputConfig input = plan.config().inputs().get(split.input());
    String name = String.format("split-%06d-%s", split.index(), UUID.randomUUID());
    String path = FileStore.join(stagingFolder, name);
    try (OpenTokenizers.Lease lease =
        OpenTokenizers.ofProcess()
            .acquire(
                plan.tokenizerHash(),
                plan.specialTokens(),
                () -> JavaBytes.to(TokenizerFiles.class, tokenizer.value()))) {
      RowEncoder encoder = plan.encoder(input, lease.folder(), lease.tokenizer());
      StagedSplit[] staged = new StagedSplit[1];
      store.write(
          path,
          ids ->
              store.write(
                  StagedFile.indexPath(path),
                  documents -> {
                    Outputs out =
                        new Outputs(new IntFileOutput(ids), new DocumentIndexOutput(documents));
                    Staging staging = new Staging(encoder, out, split);
                    staging.run();
                    staged[0] = staging.result(path);
                  }));
      return staged[0];
    }
  }

  /** Where a split goes. */
  private record Outputs(IntFileOutput ids, DocumentIndexOutput documents) {}

  /** The work on one split. Confined to one thread. */
  private final class Staging {
    private final RowEncoder encoder;
    private final Outputs out;
    private final CorpusSplit split;
    private final long[] sliceRows;
    private final List<BadRow> bad = new ArrayList<>();
    private SplitCounts counts = SplitCounts.ZERO;
    private int[] lengths = new int[64];
    private int samples;

    Staging(RowEncoder encoder, Outputs out, CorpusSplit split) {
      this.encoder = encoder;
      this.out = out;
      this.split = split;
      this.sliceRows = new long[split.slices().size()];
    }

    void run() throws IOException {
      for (int i = 0; i < sliceRows.length && !isHopeless(); i++) {
        FileSlice slice = split.slices().get(i);
        try (SliceRows rows = SliceRows.open(store, slice)) {
          Optional<SourceRow> row = rows.next();
          while (row.isPresent() && !isHopeless()) {
            accept(i, slice, row.get());
            row = rows.next();
          }
          sliceRows[i] = rows.rowCount();
        }
      }
      out.ids().flush();
      out.documents().flush();
    }

    /** When no bad row is allowed the first one ends the job, so that the rest can be spared. */
    private boolean isHopeless() {
      return plan.config().maxBadRatio() == 0 && !bad.isEmpty();
    }

    private void accept(int sliceIndex, FileSlice slice, SourceRow row) throws IOException {
      InputConfig.Format format = slice.file().format();
      boolean blankLine = format == InputConfig.Format.JSONL && isBlank(row.content());
      if (blankLine || !ContentShare.takes(row.content(), slice.keep())) {
        return;
      }
      EncodedSample sample = encoder.encode(row.content(), format);
      if (sample instanceof EncodedSample.Bad found) {
        if (slice.pass() > 0) {
          return; // counted in the first pass
        }
        bad.add(new BadRow(sliceIndex, row.number(), found.reason()));
      }
      counts = counts.plus(SplitCounts.of(sample));
      if (sample instanceof EncodedSample.Tokens tokens) {
        write(sliceIndex, row.number(), tokens);
      }
    }

    private void write(int slice, long row, EncodedSample.Tokens tokens) throws IOException {
      out.ids().write(tokens.ids());
      out.documents().write(new StagedDocument(slice, row, tokens.ids().length));
      if (plan.hasLabels()) {
        out.ids().write(tokens.labels());
        lengths = samples < lengths.length ? lengths : Arrays.copyOf(lengths, 2 * samples);
        lengths[samples++] = tokens.ids().length;
      }
    }

    StagedSplit result(String path) {
      return new StagedSplit(
          split.index(), path, counts, Arrays.copyOf(lengths, samples), sliceRows, bad);
    }

    private static boolean isBlank(byte[] content) {
      for (byte value : content) {
        if (value != ' ' && value != '\t') {
          return false;
        }
      }
      return true;
    }
  }
}
