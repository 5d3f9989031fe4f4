package dev.anneal.jobs.preview;

import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.sft.MappedRow;
import dev.anneal.data.sft.SftEncoder;
import dev.anneal.data.sft.SftRow;
import dev.anneal.jobs.config.SampleConfig;
import dev.anneal.jobs.corpus.PickedRow;
import dev.anneal.jobs.tokenize.encode.ConversationEncoder;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Prints rows as the tokenize job would make them, each with what becomes of it, and counts them.
 * One thread; borrows the tokenizer.
 */
final class PreviewSheet {
  private static final int SHOWN_OF_BAD = 200;

  private final EncoderPlan plan;
  private final OpenTokenizers.Lease lease;
  private final SampleConfig sample;
  private final MaskedText text;
  private final PrintStream out;
  private final Map<String, Long> notUsed = new TreeMap<>();
  private long used;
  private long tokens;
  private long targets;

  PreviewSheet(
      EncoderPlan plan,
      OpenTokenizers.Lease lease,
      SampleConfig sample,
      MaskedText.Marks marks,
      PrintStream out) {
    this.plan = plan;
    this.lease = lease;
    this.sample = sample;
    this.text = new MaskedText(lease.tokenizer(), marks);
    this.out = out;
  }

  /** Rows of one input. */
  void add(InputConfig input, List<PickedRow> rows) {
    if (rows.isEmpty()) {
      out.println(input.source() + ": no row in it");
    }
    if (plan.config().stage() == TokenizeConfig.Stage.PT) {
      new BlockSheet(plan, lease.tokenizer(), input).rows(rows).forEach(this::print);
    } else {
      ChatTemplate template = plan.chatTemplate(lease.folder());
      SftEncoder encoder = new SftEncoder(lease.tokenizer(), template, plan.sftOptions());
      rows.forEach(row -> print(conversation(encoder, input, row)));
    }
  }

  /**
   * What became of a row.
   *
   * @param title says which row it is
   * @param outcome why it gives no tokens; empty when it does
   * @param encoded the tokens of it, also of a row without a target; none for a row that cannot be
   *     encoded
   * @param source the row's text where there are no tokens
   */
  record Line(String title, String outcome, EncodedRow encoded, String source) {
    static Line unusable(PickedRow row, String reason) {
      String source = new String(row.row().content(), StandardCharsets.UTF_8);
      String shown = source.substring(0, Math.min(SHOWN_OF_BAD, source.length()));
      EncodedRow nothing = new EncodedRow(new int[0], new int[0], false);
      return new Line(row.place(), reason, nothing, shown);
    }
  }

  private static Line conversation(SftEncoder encoder, InputConfig input, PickedRow picked) {
    if (!picked.row().fault().isEmpty()) {
      return Line.unusable(picked, "bad row: " + picked.row().fault());
    }
    MappedRow mapped;
    try {
      mapped = ConversationEncoder.mapper(input).map(JsonRows.object(picked.row().content()));
    } catch (IllegalArgumentException e) {
      return Line.unusable(picked, "bad row: " + e.getMessage());
    }
    SftRow row = encoder.encode(mapped);
    if (row instanceof SftRow.Bad bad) {
      return Line.unusable(picked, "bad row: " + bad.reason());
    }
    if (row instanceof EncodedRow encoded) {
      return new Line(picked.place(), "", encoded, "");
    }
    String reason = ((SftRow.Dropped) row).reason().name().toLowerCase(Locale.ROOT);
    return encoder
        .shown(((MappedRow.Mapped) mapped).conversation())
        .map(whole -> new Line(picked.place(), "left out: " + reason, whole, ""))
        .orElseGet(() -> Line.unusable(picked, "left out: " + reason));
  }

  private void print(Line line) {
    EncodedRow row = line.encoded();
    boolean usable = line.outcome().isEmpty();
    int trained = row.targetCount();
    if (usable) {
      used++;
      tokens += row.ids().length;
      targets += trained;
    } else {
      notUsed.merge(line.outcome().startsWith("bad") ? "bad" : "left out", 1L, Long::sum);
    }
    String counts =
        "%,d tokens, %,d with a loss%s"
            .formatted(row.ids().length, trained, row.truncated() ? ", cut to fit" : "");
    boolean empty = row.ids().length == 0;
    out.println(
        line.title() + ": " + (usable ? counts : line.outcome() + (empty ? "" : ", " + counts)));
    if (sample.show()) {
      out.println(empty ? MaskedText.visible(line.source()) : text.of(row));
    }
    if (sample.ids() && !empty) {
      out.println("ids " + Arrays.toString(row.ids()));
    }
    if (sample.show()) {
      out.println();
    }
  }

  /** The sums, last. */
  String summary() {
    StringBuilder summary = new StringBuilder();
    summary.append("%,d rows, %,d tokens, %,d with a loss".formatted(used, tokens, targets));
    if (tokens > 0) {
      summary.append(String.format(Locale.ROOT, " (%.0f %%)", 100.0 * targets / tokens));
    }
    notUsed.forEach((reason, count) -> summary.append(", " + count + " " + reason));
    return summary.toString();
  }

  /** How trained text is set off. */
  String legend() {
    return text.marks().legend();
  }

  long used() {
    return used;
  }

  long tokens() {
    return tokens;
  }

  long targets() {
    return targets;
  }
}
