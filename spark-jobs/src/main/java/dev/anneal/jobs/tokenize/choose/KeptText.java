package dev.anneal.jobs.tokenize.choose;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.InputColumns;
import dev.anneal.jobs.corpus.SliceRows;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.task.JavaBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/** Counts the text of the rows that are taken, split by split. Serializable, stateless. */
record KeptText(HadoopFileStore store, StepsPlan steps) implements Function<byte[], Long> {

  /** UTF-8 bytes of text of each input. */
  long[] bytes(JavaSparkContext spark, List<CorpusSplit> splits, int inputs) {
    List<byte[]> plans = new ArrayList<>();
    splits.forEach(split -> plans.add(JavaBytes.of(split)));
    spark.sc().setJobDescription("measure the inputs");
    List<Long> counted = spark.parallelize(plans, Math.max(1, plans.size())).map(this).collect();
    long[] bytes = new long[inputs];
    for (int i = 0; i < splits.size(); i++) {
      bytes[splits.get(i).input()] += counted.get(i);
    }
    return bytes;
  }

  @Override
  public Long call(byte[] plan) throws IOException {
    CorpusSplit split = JavaBytes.to(CorpusSplit.class, plan);
    InputConfig input = steps.config().inputs().get(split.input());
    StepsText text = StepsText.of(steps.config().stage(), input);
    RowChoice choice = steps.choice(store, split);
    long bytes = 0;
    for (int i = 0; i < split.slices().size(); i++) {
      FileSlice slice = split.slices().get(i);
      InputConfig.Format format = slice.file().format();
      try (SliceRows rows =
          SliceRows.open(store, slice, new InputColumns(steps.config()).of(slice))) {
        Optional<SourceRow> row = rows.next();
        while (row.isPresent()) {
          if (choice.leaves(i, row.get(), format).isEmpty()) {
            Optional<String> found = text.of(row.get(), format);
            bytes += found.map(kept -> kept.getBytes(StandardCharsets.UTF_8).length).orElse(0);
          }
          row = rows.next();
        }
      }
    }
    return bytes;
  }
}
