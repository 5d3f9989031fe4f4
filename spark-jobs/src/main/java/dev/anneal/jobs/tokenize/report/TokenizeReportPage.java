package dev.anneal.jobs.tokenize.report;

import dev.anneal.core.config.Redaction;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.report.TableReport;
import dev.anneal.core.report.TableReport.Row;
import dev.anneal.core.report.TableReport.Table;
import dev.anneal.core.report.TableReport.Tile;
import dev.anneal.jobs.tokenize.tally.Phase;
import dev.anneal.jobs.tokenize.tally.SkipReason;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** The counts of a run for people: {@code _anneal/report.html}. Stateless. */
public final class TokenizeReportPage {
  private TokenizeReportPage() {}

  public static TableReport of(TokenizeFacts facts, String output) {
    ShardManifest.Counts counts = facts.manifest().counts();
    boolean empty = facts.engine().reason().isEmpty();
    String engine = words(facts.engine().kind()) + (empty ? "" : ": " + facts.engine().reason());
    List<Tile> tiles =
        List.of(
            new Tile("rows", count(counts.rows())),
            new Tile("tokens", count(counts.tokens())),
            new Tile("tokens with a loss", count(counts.targetTokens())),
            new Tile("bytes a token", decimal(facts.bytesPerToken())),
            new Tile("tokens/s a core", count(Math.round(facts.tokensPerSecondPerCore()))),
            new Tile("time", seconds(facts.timings().elapsed().toMillis() / 1000.0)));
    return new TableReport(
        "Tokenized: " + Redaction.text(output),
        "ids made by " + engine,
        tiles,
        List.of(inputs(facts), rows(facts), lengths(facts), times(facts), skew(facts)));
  }

  private static Table inputs(TokenizeFacts facts) {
    List<Row> rows = new ArrayList<>();
    double all = Math.max(1, facts.counts().tokens());
    for (InputCounts input : facts.inputs()) {
      List<String> cells =
          List.of(
              count(input.files().size()),
              count(input.counts().rows()),
              count(input.counts().samples()),
              count(input.counts().tokens()),
              percent(input.counts().tokens() / all));
      rows.add(new Row(input.path(), cells, input.counts().tokens() / all));
    }
    List<String> columns = List.of("files", "rows read", "tokenized", "tokens", "share");
    return new Table("Sources", "", columns, rows);
  }

  /** What became of the rows that were read, and what the written ones are like. */
  private static Table rows(TokenizeFacts facts) {
    SplitCounts counts = facts.counts();
    double all = Math.max(1, counts.rows());
    List<Row> rows = new ArrayList<>();
    rows.add(share("tokenized", counts.samples(), all));
    for (SkipReason reason : SkipReason.values()) {
      if (counts.skipped(reason) > 0) {
        rows.add(share("dropped: " + words(reason), counts.skipped(reason), all));
      }
    }
    new TreeMap<>(counts.dropped())
        .forEach((reason, count) -> rows.add(share("left out: " + reason, count, all)));
    rows.add(share("set aside as bad", counts.bad(), all));
    rows.add(share("cut to fit a row", counts.truncated(), all));
    String note =
        "%s tokens at the end were dropped. Rows leave %s of their block size empty: what a trainer"
                .formatted(count(facts.droppedTokens()), percent(facts.paddingShare()))
            + " that pads would add.";
    return new Table("Rows", note, List.of("rows", "share"), rows);
  }

  private static Row share(String name, long count, double all) {
    return new Row(name, List.of(count(count), percent(count / all)), count / all);
  }

  private static Table lengths(TokenizeFacts facts) {
    long[] buckets = facts.stats().lengths();
    double all = Math.max(1, facts.counts().samples());
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < buckets.length; i++) {
      if (buckets[i] > 0) {
        String range = count(1L << i) + " to " + count((1L << (i + 1)) - 1);
        rows.add(share(range, buckets[i], all));
      }
    }
    return new Table("Lengths in tokens", "", List.of("samples", "share"), rows);
  }

  private static Table times(TokenizeFacts facts) {
    double all = Math.max(1e-9, facts.taskSeconds());
    List<Row> rows = new ArrayList<>();
    double[] seconds = facts.phaseSeconds();
    for (Phase phase : Phase.values()) {
      rows.add(time(words(phase), seconds[phase.ordinal()], all));
    }
    rows.add(time("write shards", facts.writeSeconds(), all));
    String note =
        "Seconds of all tasks together. By the clock: splits %s, shards %s."
            .formatted(
                seconds(facts.timings().tokenizing().toMillis() / 1000.0),
                seconds(facts.timings().writing().toMillis() / 1000.0));
    return new Table("Where time went", note, List.of("seconds", "share"), rows);
  }

  private static Row time(String name, double seconds, double all) {
    return new Row(name, List.of(seconds(seconds), percent(seconds / all)), seconds / all);
  }

  private static Table skew(TokenizeFacts facts) {
    double[] seconds = facts.splitSeconds();
    List<Row> rows = new ArrayList<>();
    int earlier = facts.staged().size() - seconds.length;
    rows.add(Row.of("splits", count(facts.staged().size())));
    rows.add(Row.of("of them made by an earlier run", count(earlier)));
    if (seconds.length > 0) {
      double slowest = seconds[seconds.length - 1];
      double median = seconds[seconds.length / 2];
      rows.add(Row.of("slowest split", seconds(slowest)));
      rows.add(Row.of("median split", seconds(median)));
      rows.add(Row.of("slowest against median", decimal(slowest / Math.max(1e-9, median))));
    }
    return new Table("Splits", "", List.of(""), rows);
  }

  private static String words(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String decimal(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String seconds(double value) {
    return String.format(Locale.ROOT, "%.1f s", value);
  }
}
