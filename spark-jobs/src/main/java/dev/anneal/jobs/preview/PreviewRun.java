package dev.anneal.jobs.preview;

import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.jobs.config.SampleConfig;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.corpus.InputColumns;
import dev.anneal.jobs.corpus.PickedRow;
import dev.anneal.jobs.corpus.RowPicker;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Opens the inputs and the tokenizer of a tokenize configuration as that job does, and prints some
 * rows. Steps before tokenizing (filters, duplicates) are not carried out. One thread, the
 * driver's.
 */
public record PreviewRun(JavaSparkContext spark, TokenizeConfig config, SampleConfig sample) {

  public PreviewSheet print(MaskedText.Marks marks, PrintStream out) throws IOException {
    HadoopFileStore store = new HadoopFileStore(spark.hadoopConfiguration());
    TokenizerFiles files =
        TokenizerFiles.read(store, config.requireTokenizer(), "tokenize.tokenizer");
    try (OpenTokenizers.Lease lease = OpenTokenizers.ofProcess().open(config, files)) {
      EncoderPlan plan = EncoderPlan.of(config, lease.folder(), lease.tokenizer());
      PreviewSheet sheet = new PreviewSheet(plan, lease, sample, marks, out);
      if (sample.show()) {
        out.println(sheet.legend());
        out.println();
      }
      Corpus corpus = Corpus.list(config, spark);
      RowPicker picker = new RowPicker(store, new InputColumns(config), sample);
      for (int i = 0; i < corpus.inputs().size(); i++) {
        List<PickedRow> rows =
            corpus.queries().containsKey(i)
                ? corpus.queries().get(i).first(sample.rows())
                : picker.pick(corpus.inputs().get(i), corpus.files().get(i));
        sheet.add(corpus.inputs().get(i), rows);
      }
      return sheet;
    }
  }
}
