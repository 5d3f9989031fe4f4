package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.control.HandClock;
import dev.anneal.core.control.Watchdog;
import dev.anneal.core.control.WatchdogLimits;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.io.ProgressStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work of many hours, by a clock that jumps: the watchdog must see that it gets on. */
class LongWorkTest {
  private static final String CURVE = "curve-full";
  private static final Duration LIMIT = Duration.ofSeconds(300);
  private static final long JUMP = 200;

  @TempDir Path folder;

  private final HandClock clock = new HandClock();
  private final Watchdog watchdog = new Watchdog(clock, 1, new WatchdogLimits(LIMIT, LIMIT, LIMIT));
  private final Map<String, Long> secondsByPhase = new HashMap<>();
  private final Set<String> phases = new LinkedHashSet<>();
  private String phase = "join";

  /** What the driver does with a rank's signs. */
  private final class Signs implements ProgressListener {
    private long step;

    @Override
    public void phase(long now, String name) {
      step = now;
      phase = name;
      phases.add(name);
      progress();
    }

    @Override
    public void progress() {
      watchdog.progressed(0, step, phase);
    }
  }

  /** Time in which a row is scored or a block of a file moves. */
  private void passes() {
    clock.pass(JUMP);
    secondsByPhase.merge(phase, JUMP, Long::sum);
    assertThat(watchdog.complaint()).isEmpty();
  }

  private final class SlowRows implements RowSource {
    private final SmallRun.ListRows rows;

    SlowRows(List<TokenRow> rows) {
      this.rows = new SmallRun.ListRows(rows);
    }

    @Override
    public TokenRow row(long index) {
      passes();
      return rows.row(index);
    }

    @Override
    public long rowCount() {
      return rows.rowCount();
    }

    @Override
    public int length(long index) {
      return rows.length(index);
    }

    @Override
    public boolean ragged() {
      return rows.ragged();
    }

    @Override
    public List<String> contentHashes() {
      return rows.contentHashes();
    }

    @Override
    public void close() {}
  }

  private void run(String... more) throws Exception {
    watchdog.restart();
    watchdog.joined(0);
    JsonNode facts = Parity.json(CURVE + "/curve.json");
    SlowRows rows = new SlowRows(Parity.rows(facts.get("rows")));
    FileStore disk = new LocalFileStore();
    SmallRun.of(disk, CURVE, folder, more)
        .watched(
            new Signs(),
            new RankInputs.EvalRows("held-out", rows),
            new ProgressStore(disk, this::passes))
        .train();
  }

  @Test
  void evaluationCheckpointsResumeAndExportMayTakeAnyTime() throws Exception {
    run("train.max_steps=2", "train.eval_steps=1", "train.per_device_eval_batch_size=1");
    assertThat(phases).containsExactly("load", "train", "evaluate", "checkpoint", "export");
    assertLong("evaluate", "checkpoint", "export");

    secondsByPhase.clear();
    phases.clear();
    run("train.max_steps=2", "train.resume_from_checkpoint=true");
    assertThat(phases).containsExactly("load", "resume", "train", "export");
    assertLong("resume", "export");
  }

  private void assertLong(String... names) {
    for (String name : names) {
      assertThat(secondsByPhase.get(name)).as(name).isGreaterThan(2 * LIMIT.toSeconds());
    }
  }
}
