package dev.anneal.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.io.FileRanges;
import dev.anneal.core.io.Sha256;
import dev.anneal.core.io.StoreWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shards of elsewhere give the rows, lengths and hashes that local ones give. */
class FetchedShardsTest {
  private static final ShardOptions FOREIGN = ShardOptions.of(100).withForeign();

  @TempDir Path temp;

  /** A local folder that says it lies elsewhere, and what was asked of it. */
  private final class Elsewhere implements ShardFiles {
    private final Path path;
    private final int openAtOnce;
    private final List<String> fetched = new ArrayList<>();
    private final List<String> expected = new ArrayList<>();
    private final AtomicLong rangeBytes = new AtomicLong();
    private int open;
    private boolean closed;

    Elsewhere(Path path, int openAtOnce) {
      this.path = path;
      this.openAtOnce = openAtOnce;
    }

    @Override
    public String folder() {
      return "s3a://bucket/set";
    }

    @Override
    public boolean present() {
      return Files.isDirectory(path);
    }

    @Override
    public boolean exists(String file) {
      return Files.exists(path.resolve(file));
    }

    @Override
    public byte[] read(String file) throws IOException {
      return Files.readAllBytes(path.resolve(file));
    }

    @Override
    public long size(String file) throws IOException {
      return Files.size(path.resolve(file));
    }

    @Override
    public String sha256(String file) throws IOException {
      return Sha256.of(path.resolve(file));
    }

    @Override
    public Optional<Path> inPlace(String file) {
      return Optional.empty();
    }

    @Override
    public FileRanges ranges(String file) throws IOException {
      FileRanges ranges = FileRanges.open(path.resolve(file));
      return new FileRanges() {
        @Override
        public long size() {
          return ranges.size();
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
          rangeBytes.addAndGet(target.remaining());
          ranges.read(position, target);
        }

        @Override
        public void close() throws IOException {
          ranges.close();
        }
      };
    }

    @Override
    public FileRanges fetch(String file, Optional<String> sha256) throws IOException {
      fetched.add(file);
      open++;
      FileRanges ranges = FileRanges.open(path.resolve(file));
      return new FileRanges() {
        @Override
        public long size() {
          return ranges.size();
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
          ranges.read(position, target);
        }

        @Override
        public void close() throws IOException {
          open--;
          ranges.close();
        }
      };
    }

    @Override
    public void expect(String file, Optional<String> sha256) {
      expected.add(file);
    }

    @Override
    public int openAtOnce() {
      return openAtOnce;
    }

    @Override
    public Path derived(String name, StoreWriter maker) throws IOException {
      Path made = temp.resolve(name);
      try (OutputStream out = Files.newOutputStream(made)) {
        maker.writeTo(out);
      }
      return made;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static Path fixture(String name) throws Exception {
    return Path.of(ShardSetTest.class.getResource("/shards").toURI()).resolve(name);
  }

  @Test
  void giveTheSameRowsLengthsAndHashes() throws Exception {
    for (String name : List.of("many-columns", "saved by datasets", "conversations", "no-rows")) {
      Elsewhere elsewhere = new Elsewhere(fixture(name), 1);
      try (ShardSet here = ShardSet.open(List.of(fixture(name)), FOREIGN);
          ShardSet there = ShardSet.openFiles(List.of(elsewhere), FOREIGN)) {
        assertThat(there.rowCount()).as(name).isEqualTo(here.rowCount());
        assertThat(there.ragged()).isEqualTo(here.ragged());
        assertThat(there.contentHashes()).isEqualTo(here.contentHashes());
        for (long i = 0; i < here.rowCount(); i++) {
          assertThat(there.length(i)).isEqualTo(here.length(i));
        }
        assertThat(elsewhere.fetched).as("lengths come by ranges").isEmpty();
        for (long i = 0; i < here.rowCount(); i++) {
          assertThat(there.row(i)).usingRecursiveComparison().isEqualTo(here.row(i));
        }
      }
      assertThat(elsewhere.open).as("open files of %s", name).isZero();
      assertThat(elsewhere.closed).isTrue();
    }
  }

  @Test
  void aFileIsFetchedWhenItsRowIsReadAndTheNextIsExpected() throws Exception {
    Elsewhere elsewhere = new Elsewhere(fixture("many-columns"), 1);
    try (ShardSet set = ShardSet.openFiles(List.of(elsewhere), FOREIGN)) {
      List<String> files = set.remote().stream().map(ShardSet.Remote::name).toList();
      assertThat(files)
          .hasSizeGreaterThan(1)
          .allMatch(file -> file.startsWith("s3a://bucket/set/"));
      assertThat(elsewhere.fetched).isEmpty();
      set.row(0);
      assertThat(elsewhere.fetched).hasSize(1);
      assertThat(elsewhere.expected).hasSize(1).doesNotContainAnyElementsOf(elsewhere.fetched);
      set.row(set.rowCount() - 1);
      set.row(0);
      assertThat(elsewhere.fetched).as("one stays open").hasSize(3);
      assertThat(elsewhere.open).isEqualTo(1);
      set.expectAll(1, 2);
      assertThat(elsewhere.expected).contains(elsewhere.fetched.get(0), elsewhere.fetched.get(1));
    }
  }

  @Test
  void theSumsOfAManifestTellWhereAllRowsAreFull() {
    assertThat(promised(7, 7 * 24, Map.of("block_size", "24")).uniformLength()).isEqualTo(24);
    assertThat(promised(7, 7 * 24 - 1, Map.of("block_size", "24")).uniformLength()).isZero();
    assertThat(promised(7, 7 * 24, Map.of()).uniformLength()).isZero();
    assertThat(promised(7, 7 * 24, Map.of("block_size", "x")).uniformLength()).isZero();
  }

  private static PromisedShard promised(long rows, long tokens, Map<String, String> options) {
    ShardManifest.Shard shard =
        new ShardManifest.Shard(
            "data-00000-of-00001.arrow",
            new ShardManifest.Counts(rows, tokens, 0),
            10,
            "0".repeat(64));
    ShardManifest manifest =
        ShardManifest.of(
            "1",
            List.of("input_ids"),
            List.of(shard),
            new ShardManifest.Origin("", "", options, List.of()));
    return PromisedShard.of(Optional.of(manifest), 0).orElseThrow();
  }

  @Test
  void aBrokenSetIsClosedAndNamed() throws Exception {
    Elsewhere absent = new Elsewhere(temp.resolve("absent"), 1);
    assertThatThrownBy(() -> ShardSet.openFiles(List.of(absent), FOREIGN))
        .hasMessage("Cannot find data folder: s3a://bucket/set");
    assertThat(absent.closed).isTrue();
  }
}
