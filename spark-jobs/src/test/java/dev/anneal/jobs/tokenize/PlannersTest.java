package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.pack.BlockPlan;
import dev.anneal.data.shard.ArrowFormat;
import dev.anneal.jobs.corpus.CorpusFile;
import dev.anneal.jobs.corpus.CorpusSplit;
import dev.anneal.jobs.corpus.FileSlice;
import dev.anneal.jobs.corpus.SplitPlanner;
import dev.anneal.jobs.tokenize.staging.StagedFile;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import dev.anneal.jobs.tokenize.write.BlockPlanner;
import dev.anneal.jobs.tokenize.write.BlockShard;
import dev.anneal.jobs.tokenize.write.ShardPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PlannersTest {

  @Property(tries = 300)
  void coversEveryByteOnceInOrder(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 0, max = 300) Integer> sizes,
      @ForAll @IntRange(min = 1, max = 200) int splitBytes) {
    TestCorpus settings = new TestCorpus(Path.of("out"));
    settings.input(Path.of("x"), InputConfig.Format.LINES, 1.5, Map.of());
    List<CorpusFile> files = new ArrayList<>();
    for (int i = 0; i < sizes.size(); i++) {
      files.add(file("f" + i, sizes.get(i)));
    }
    List<CorpusSplit> splits = SplitPlanner.plan(settings.inputs, List.of(files), splitBytes);
    List<String> covered = new ArrayList<>();
    for (CorpusSplit split : splits) {
      assertThat(split.index()).isEqualTo(splits.indexOf(split));
      for (FileSlice slice : split.slices()) {
        assertThat(slice.keep()).isEqualTo(slice.pass() == 0 ? 1 : 0.5);
        for (long at = slice.start(); at < slice.end(); at++) {
          covered.add(slice.pass() + slice.file().path() + ":" + at);
        }
      }
    }
    List<String> expected = new ArrayList<>();
    for (int pass = 0; pass < 2; pass++) {
      for (CorpusFile file : files) {
        for (long at = 0; at < file.bytes(); at++) {
          expected.add(pass + file.path() + ":" + at);
        }
      }
    }
    assertThat(covered).isEqualTo(expected);
  }

  @Test
  void keepsCompressedFilesAndArraysWhole() {
    TestCorpus settings = new TestCorpus(Path.of("out")).input(Path.of("x"));
    List<CorpusFile> files = List.of(file("a.log.gz", 500), file("b.txt", 500));
    List<CorpusSplit> splits = SplitPlanner.plan(settings.inputs, List.of(files), 100);
    assertThat(splits).hasSize(6);
    assertThat(splits.get(0).slices().get(0).end()).isEqualTo(Long.MAX_VALUE);
  }

  @Property(tries = 300)
  void findsEveryBlockInTheStagedFiles(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 0, max = 700_000) Integer> tokens,
      @ForAll @IntRange(min = 2, max = 100_000) int blockSize) {
    TestCorpus settings = new TestCorpus(Path.of("out"));
    settings.blockSize = blockSize;
    TokenizeConfig config = settings.config();
    List<StagedSplit> staged = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      SplitCounts counts = new SplitCounts(1, tokens.get(i), 0, 0, 0, Map.of(), Map.of());
      staged.add(
          new StagedSplit(
              i, "s" + i, counts, new int[0], new long[0], SplitStats.zero(), List.of(), false));
    }
    BlockPlan blocks = BlockPlanner.blocks(config, staged);
    long next = 0;
    ArrowFormat format = new ArrowFormat(new ShardColumns(false, false, false));
    for (ShardPlan plan : BlockPlanner.plan(config, format, blocks, staged)) {
      BlockShard shard = (BlockShard) plan;
      int first = Integer.parseInt(shard.files().get(0).path().substring(1));
      long before = tokens.subList(0, first).stream().mapToLong(Integer::longValue).sum();
      assertThat(before + shard.skip()).isEqualTo(next);
      assertThat(shard.skip()).isLessThan(shard.files().get(0).tokens());
      long held = shard.files().stream().mapToLong(StagedFile::tokens).sum() - shard.skip();
      assertThat(held).isGreaterThanOrEqualTo(shard.tokens());
      assertThat(next % blockSize).isZero();
      next += shard.tokens();
    }
    assertThat(next).isEqualTo(blocks.tokens());
  }

  private static CorpusFile file(String name, long bytes) {
    return new CorpusFile(0, "file:/x/" + name, name, name, bytes, 0, InputConfig.Format.LINES);
  }
}
