package dev.anneal.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.io.LocalFileStore;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsFileTest {
  private static final String PATH = "/a run/metrics.jsonl";

  @Test
  void writesEveryKeyOfAStep() throws Exception {
    MemoryStore store = MemoryStore.appending();
    try (MetricsFile file = MetricsFile.open(store, PATH, 0)) {
      file.append(
          new StepMetrics(1, 2.302585092994046, 1e-4, 0.1 + 0.2, 640, 512, 1234.5, 0.25, 3e9));
    }

    assertThat(store.text(PATH))
        .isEqualTo(
            "{\"step\":1,\"loss\":2.302585092994046,\"learning_rate\":1.0E-4,"
                + "\"grad_norm\":0.30000000000000004,\"tokens\":640,\"target_tokens\":512,"
                + "\"tokens_per_second\":1234.5,\"epoch\":0.25,\"memory_bytes\":3000000000}\n");
  }

  @Property(tries = 200)
  void readsBackTheSameBits(@ForAll double loss, @ForAll double norm) throws Exception {
    String line = MetricsFile.toJson(step(1, loss, norm));
    JsonNode json = new ObjectMapper().readTree(line);

    assertThat(Double.doubleToLongBits(json.get("loss").doubleValue()))
        .isEqualTo(Double.doubleToLongBits(loss));
    assertThat(Double.doubleToLongBits(json.get("grad_norm").doubleValue()))
        .isEqualTo(Double.doubleToLongBits(norm));
  }

  @Test
  void writesLossThatIsNoNumberAsNullWithANote() throws Exception {
    MemoryStore store = MemoryStore.appending();
    try (MetricsFile file = MetricsFile.open(store, PATH, 0)) {
      file.append(step(1, Double.NaN, Double.POSITIVE_INFINITY));
    }

    JsonNode json = new ObjectMapper().readTree(store.text(PATH));
    assertThat(json.get("loss").isNull()).isTrue();
    assertThat(json.get("note").asText()).isEqualTo("loss is NaN, grad_norm is Infinity");
    assertThat(MetricsFile.read(store, PATH).get(0).loss()).isNaN();
  }

  @Test
  void refusesASkippedAndARepeatedStep() {
    MetricsFile file = MetricsFile.open(MemoryStore.appending(), PATH, 0);
    file.append(step(1, 1, 1));

    assertThatThrownBy(() -> file.append(step(3, 1, 1))).hasMessage("Invalid step: 3 (expected 2)");
    assertThatThrownBy(() -> file.append(step(1, 1, 1))).hasMessage("Invalid step: 1 (expected 2)");
  }

  @Test
  void hasEachLineInTheFileBeforeClose() {
    MemoryStore store = MemoryStore.appending();
    MetricsFile file = MetricsFile.open(store, PATH, 0);
    file.append(step(1, 1, 1));
    file.append(step(2, 1, 1));

    assertThat(MetricsFile.read(store, PATH)).extracting(StepMetrics::step).containsExactly(1L, 2L);
  }

  @Test
  void cutsTheLinesAfterTheCheckpointAndATornLastLineOnResume() {
    MemoryStore store = MemoryStore.appending();
    writeSteps(store, 7);
    String first = store.text(PATH);
    store.put(PATH, first + "{\"step\":8,\"lo");

    try (MetricsFile resumed = MetricsFile.open(store, PATH, 5)) {
      resumed.append(step(6, 0.5, 1));
    }

    assertThat(MetricsFile.read(store, PATH))
        .extracting(StepMetrics::step)
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    String keptLines = first.substring(0, first.indexOf("{\"step\":6"));
    assertThat(store.text(PATH)).startsWith(keptLines);
  }

  @Test
  void resumesOnALocalDisk(@TempDir Path folder) throws Exception {
    LocalFileStore store = new LocalFileStore();
    String path = folder.resolve("运行 1/metrics.jsonl").toString();
    MetricsFile killed = MetricsFile.open(store, path, 0);
    killed.append(step(1, 2, 1));
    killed.append(step(2, 1, 1));
    assertThat(Files.readAllLines(Path.of(path))).hasSize(2);

    try (MetricsFile resumed = MetricsFile.open(store, path, 1)) {
      resumed.append(step(2, 1.5, 1));
    }

    assertThat(MetricsFile.read(store, path))
        .extracting(StepMetrics::loss)
        .containsExactly(2.0, 1.5);
  }

  @Test
  void dropsALastLineWithoutItsEnd() {
    MemoryStore store = MemoryStore.appending();
    store.put(PATH, MetricsFile.toJson(step(1, 1, 1)));

    assertThat(MetricsFile.read(store, PATH)).isEmpty();
  }

  @Test
  void goesBackWhenAStageStartsAgain() {
    MemoryStore store = MemoryStore.objectStore();
    try (MetricsFile file = MetricsFile.open(store, PATH, 0)) {
      for (int i = 1; i <= 4; i++) {
        file.append(step(i, i, 1));
      }
      file.cutAfter(2);
      file.append(step(3, 30, 1));
    }

    assertThat(MetricsFile.read(store, PATH))
        .extracting(StepMetrics::loss)
        .containsExactly(1.0, 2.0, 30.0);
  }

  @Test
  void writesToAnObjectStoreAtIntervalsAtFlushAndAtClose() {
    MemoryStore store = MemoryStore.objectStore();
    StepClock clock = new StepClock();
    MetricsFile file = MetricsFile.open(store, PATH, 0, clock);
    file.append(step(1, 1, 1));
    assertThat(MetricsFile.read(store, PATH)).isEmpty();

    clock.pass(StepLog.REWRITE_INTERVAL);
    file.append(step(2, 1, 1));
    assertThat(MetricsFile.read(store, PATH)).hasSize(2);

    file.append(step(3, 1, 1));
    file.flush();
    assertThat(MetricsFile.read(store, PATH)).hasSize(3);

    int before = store.creations();
    file.close();
    assertThat(store.creations()).isEqualTo(before);
  }

  @Test
  void namesFileAndReasonWhenTheDiskIsFull() {
    MemoryStore store = MemoryStore.appending();
    MetricsFile file = MetricsFile.open(store, PATH, 0);
    file.append(step(1, 1, 1));
    store.fill();

    assertThatThrownBy(() -> file.append(step(2, 1, 1)))
        .isInstanceOf(UncheckedIOException.class)
        .cause()
        .hasMessage("Cannot write /a run/metrics.jsonl: No space left on device");
    assertThat(MetricsFile.read(store, PATH)).hasSize(1);
  }

  @Test
  void namesTheLineThatIsBroken() {
    MemoryStore store = MemoryStore.appending();
    writeSteps(store, 1);
    store.put(PATH, store.text(PATH) + "not json\n" + MetricsFile.toJson(step(2, 1, 1)) + "\n");

    assertThatThrownBy(() -> MetricsFile.open(store, PATH, 2))
        .hasMessageContaining(
            "Cannot read /a run/metrics.jsonl: line 2 is no JSON object with a step");
  }

  @Test
  void readsNothingWhereNothingIs() {
    assertThat(MetricsFile.read(MemoryStore.appending(), PATH)).isEmpty();
    assertThat(EvalFile.read(MemoryStore.appending(), PATH)).isEmpty();
  }

  @Test
  void keepsEvaluationsUpToAStepAndNeverTheKeyLoss() {
    MemoryStore store = MemoryStore.appending();
    EvalMetrics first = new EvalMetrics("验证", 0, 0, 2.5, Double.NaN, 100);
    try (EvalFile file = EvalFile.open(store, PATH, 0)) {
      file.append(first);
      file.append(new EvalMetrics("验证", 10, 1, 2.0, 0.5, 100));
    }
    assertThat(store.text(PATH)).doesNotContain("\"loss\"").contains("\"eval_loss\":2.5");

    EvalFile.open(store, PATH, 5).close();

    List<EvalMetrics> read = EvalFile.read(store, PATH);
    assertThat(read).hasSize(1);
    assertThat(read.get(0)).isEqualTo(first);
  }

  private static void writeSteps(MemoryStore store, int count) {
    try (MetricsFile file = MetricsFile.open(store, PATH, 0)) {
      for (int i = 1; i <= count; i++) {
        file.append(step(i, 1.0 / i, 0.5));
      }
    }
  }

  private static StepMetrics step(long step, double loss, double norm) {
    return new StepMetrics(step, loss, 1e-4, norm, 10, 9, 100, 0.1, 1e6);
  }

  /** A clock that stands until it is told. */
  private static final class StepClock extends Clock {
    private Instant now = Instant.EPOCH;

    void pass(Duration duration) {
      now = now.plus(duration);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
