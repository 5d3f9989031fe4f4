package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.format.FormatException;
import dev.anneal.data.config.InputConfig;
import dev.anneal.jobs.corpus.Corpus;
import dev.anneal.jobs.corpus.CorpusFile;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.SliceRows;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.read.RowColumns;
import dev.anneal.jobs.tokenize.report.EmptyFiles;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whole files: compressed ones, and those that give nothing. */
class TokenizeFilesTest extends TokenizeTest {
  private static final Path COMPRESSED = Path.of("src", "test", "resources", "compressed");

  @Test
  void readsTheSameRowsOutOfEveryCompression() throws IOException {
    List<String> names =
        List.of("gzip.gz", "lz4.lz4", "lz4-linked.lz4", "hadoop-lz4.lz4", "snappy-frames.snappy");
    List<List<List<Integer>>> found = new ArrayList<>();
    for (String name : names) {
      Path file = temp.resolve(name).resolve("rows.jsonl." + name.split("\\.")[1]);
      Files.createDirectories(file.getParent());
      Files.copy(COMPRESSED.resolve(name), file);
      output = temp.resolve("out of " + name);
      TestCorpus settings = new TestCorpus(output).input(file);
      settings.blockSize = 2048;
      run(settings);
      found.add(rows());
    }
    assertThat(found).allMatch(rows -> rows.size() > 10 && rows.equals(found.get(0)));
  }

  @Test
  void tellsACompressionFromTheMidstOfAFileToo() throws IOException {
    Path plain = corpus.resolve("rows.jsonl");
    Files.write(plain, Files.readAllBytes(COMPRESSED.resolve("gzip.gz")));
    CorpusFile file =
        new CorpusFile(0, plain.toString(), "rows.jsonl", "rows", 9, 0, InputConfig.Format.JSONL);
    FileSlice slice = new FileSlice(file, 0, 1, 5000, 11_000);
    try (SliceRows rows =
        SliceRows.open(new HadoopFileStore(spark().hadoopConfiguration()), slice, RowColumns.ALL)) {
      assertThatThrownBy(rows::next)
          .isInstanceOf(FormatException.class)
          .hasMessage("Cannot read rows: it is compressed with gzip (its name must end in .gz)");
    }
  }

  @Test
  void namesAFileOfBlankLinesAloneHoweverItIsCut() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    Path blank = write("b.jsonl", "\n \r\n\t\n");
    TestCorpus settings = new TestCorpus(output).input(corpus);
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(InvalidRowException.class)
        .hasMessageStartingWith(
            "Invalid row: "
                + blank
                + " line 1: the file has bytes but no row (blank lines alone) (");
    Files.writeString(blank, "\n".repeat(9 << 20));
    settings.maxBadRatio = 0.5;
    assertThat(run(settings).badRows()).isEqualTo(1);
    assertThat(rows()).isEqualTo(blocks(List.of("one"), 16));
    Files.writeString(blank, "\n".repeat(9 << 20) + "{\"text\": \"two\"}");
    output = temp.resolve("two");
    TestCorpus late = new TestCorpus(output).input(corpus);
    assertThat(run(late).badRows()).isZero();
    assertThat(rows()).isEqualTo(blocks(List.of("one", "two"), 16));
  }

  @Test
  void passesOverFilesThatSayThemselvesThatTheyAreEmpty() throws IOException {
    write("a.jsonl", "{\"text\": \"one\"}\n");
    write("b.json", " [ ] ");
    write("c.jsonl", "");
    gzip("d.jsonl.gz", "");
    Files.copy(COMPRESSED.resolve("none-snappy.snappy"), corpus.resolve("e.jsonl.snappy"));
    Files.copy(
        Path.of("src", "test", "resources", "containers", "empty.arrow"),
        corpus.resolve("f.arrow"));
    run(new TestCorpus(output).input(corpus));
    assertThat(rows()).isEqualTo(blocks(List.of("one"), 16));
    List<CorpusFile> files =
        Corpus.list(new TestCorpus(output).input(corpus).config(), spark()).files().get(0);
    StagedSplit staged =
        new StagedSplit(
            0,
            "",
            SplitCounts.ZERO,
            new int[0],
            new long[] {1, 0, 0, 0, 0, 0},
            SplitStats.zero(),
            List.of(),
            false);
    CorpusSplit split =
        new CorpusSplit(0, 0, files.stream().map(file -> new FileSlice(file, 0, 1, 0, 9)).toList());
    assertThat(EmptyFiles.of(List.of(split), List.of(staged)).names())
        .extracting(name -> Path.of(name).getFileName().toString())
        .containsExactly("b.json", "d.jsonl.gz", "e.jsonl.snappy", "f.arrow");
  }
}
