package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.shard.DocumentFormat;
import dev.anneal.data.shard.DocumentSink;
import dev.anneal.data.shard.ShardPlace;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.staging.DocumentIndexInput;
import dev.anneal.jobs.tokenize.staging.DocumentIndexOutput;
import dev.anneal.jobs.tokenize.staging.IntFileOutput;
import dev.anneal.jobs.tokenize.staging.StagedDocument;
import dev.anneal.jobs.tokenize.staging.StagedFile;
import dev.anneal.jobs.tokenize.staging.StagedSplit;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenize.tally.SplitStats;
import dev.anneal.jobs.tokenize.write.DocumentPlanner;
import dev.anneal.jobs.tokenize.write.DocumentShard;
import dev.anneal.jobs.tokenize.write.ShardPlan;
import dev.anneal.jobs.tokenize.write.WholeDocuments;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentShardsTest {
  @TempDir Path temp;

  private final HadoopFileStore store = new HadoopFileStore(new Configuration());

  /** Collects documents. */
  private record Collected(List<List<Integer>> documents, List<Integer> open)
      implements DocumentSink {
    @Override
    public void write(int[] ids, int[] labels, int count) {
      for (int i = 0; i < count; i++) {
        assertThat(labels[i]).isIn(ids[i], -ids[i]);
        open.add(labels[i]);
      }
    }

    @Override
    public void endDocument() {
      documents.add(List.copyOf(open));
      open.clear();
    }

    @Override
    public List<ShardManifest.Shard> finish() {
      return List.of();
    }
  }

  /** The format is not asked for anything here. */
  private record Unopened() implements DocumentFormat {
    @Override
    public String name() {
      return "test";
    }

    @Override
    public DocumentSink open(ShardPlace place) {
      throw new IllegalStateException("not opened");
    }
  }

  @Test
  void givesEveryDocumentOnceInOrderWhereverShardsAreCut() throws IOException {
    for (boolean labels : List.of(false, true)) {
      List<List<Integer>> expected = new ArrayList<>();
      List<StagedSplit> staged = stage(labels, expected);
      TestCorpus settings = new TestCorpus(temp);
      Collected got = new Collected(new ArrayList<>(), new ArrayList<>());
      List<ShardPlan> plans =
          DocumentPlanner.plan(settings.config(), new Unopened(), staged, labels);
      assertThat(plans).hasSizeGreaterThan(2);
      for (ShardPlan plan : plans) {
        new WholeDocuments(store).write((DocumentShard) plan, got);
      }
      assertThat(got.documents().size()).isEqualTo(expected.size());
      assertThat(got.documents()).isEqualTo(expected);
    }
  }

  /** Splits of short documents, of none, and of one that is longer than two shards. */
  private List<StagedSplit> stage(boolean labels, List<List<Integer>> expected) throws IOException {
    Random random = new Random(7);
    List<StagedSplit> staged = new ArrayList<>();
    for (int count : new int[] {3000, 0, 1, 4000}) {
      String path = temp.resolve("分片 " + labels + staged.size()).toString();
      List<StagedDocument> documents = new ArrayList<>();
      List<int[]> written = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int[] ids = random.ints(count == 1 ? 600_000 : 1 + random.nextInt(99), 1, 9).toArray();
        int[] targets = labels ? Arrays.stream(ids).map(id -> -id).toArray() : ids;
        documents.add(new StagedDocument(0, i + 1, ids.length));
        expected.add(Arrays.stream(targets).boxed().toList());
        written.add(ids);
        if (labels) {
          written.add(targets);
        }
      }
      store.write(
          path,
          out -> {
            IntFileOutput ints = new IntFileOutput(out);
            for (int[] values : written) {
              ints.write(values);
            }
            ints.flush();
          });
      store.writeBytes(StagedFile.indexPath(path), index(documents));
      long tokens = documents.stream().mapToLong(StagedDocument::tokens).sum();
      SplitCounts counts = new SplitCounts(count, tokens, 0, 0, 0, Map.of(), Map.of());
      staged.add(
          new StagedSplit(
              0, path, counts, new int[0], new long[0], SplitStats.zero(), List.of(), false));
    }
    return staged;
  }

  private static byte[] index(List<StagedDocument> documents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DocumentIndexOutput out = new DocumentIndexOutput(bytes);
    for (StagedDocument document : documents) {
      out.write(document);
    }
    out.flush();
    return bytes.toByteArray();
  }

  @Test
  void keepsTheAddressOfEveryDocument() throws IOException {
    List<StagedDocument> documents =
        List.of(
            new StagedDocument(0, 1, 127),
            new StagedDocument(0, 2, 128),
            new StagedDocument(0, 70_000_000_000L, 1),
            new StagedDocument(2, 5, 130_000_000_000L),
            new StagedDocument(1000, 1, 1));
    byte[] bytes = index(documents);
    List<StagedDocument> read = new ArrayList<>();
    try (DocumentIndexInput in = new DocumentIndexInput(new ByteArrayInputStream(bytes))) {
      in.next().ifPresent(read::add);
      while (read.size() < documents.size()) {
        read.add(in.next().orElseThrow());
      }
      assertThat(in.next()).isEmpty();
    }
    assertThat(read).isEqualTo(documents);
    byte[] cut = Arrays.copyOf(bytes, 5);
    try (DocumentIndexInput in = new DocumentIndexInput(new ByteArrayInputStream(cut))) {
      in.next();
      assertThatThrownBy(in::next)
          .hasMessage("Cannot read a staged document index: it ends inside a document");
    }
  }
}
