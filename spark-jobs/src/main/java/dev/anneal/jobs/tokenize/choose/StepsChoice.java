package dev.anneal.jobs.tokenize.choose;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.SplitConfig;
import dev.anneal.data.filter.FilterChain;
import dev.anneal.data.read.SourceRow;
import dev.anneal.data.text.ContentSplit;
import dev.anneal.jobs.tokenize.tally.DroppedRow;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import java.io.IOException;
import java.util.Optional;

/**
 * Takes the rows of one set that no step leaves out. Rows without a text, which the encoder sets
 * aside, belong to the training set. Confined to one thread.
 */
final class StepsChoice implements RowChoice {
  private final StepsText text;
  private final Wanted wanted;
  private final FilterChain filters;
  private final SplitDecisions decisions;
  private final TokenBounds tokens;

  StepsChoice(
      StepsText text,
      Wanted wanted,
      FilterChain filters,
      SplitDecisions decisions,
      TokenBounds tokens) {
    this.text = text;
    this.wanted = wanted;
    this.filters = filters;
    this.decisions = decisions;
    this.tokens = tokens;
  }

  /**
   * The set that is written.
   *
   * @param name empty where all rows are
   */
  record Wanted(String name, SplitConfig shares) {
    boolean takes(Optional<String> text) {
      return name.isEmpty()
          || text.map(new ContentSplit(shares)::of).orElse(ContentSplit.TRAIN).equals(name);
    }
  }

  @Override
  public Optional<EncodedSample> leaves(int slice, SourceRow row, InputConfig.Format format)
      throws IOException {
    Optional<String> reason = decisions.reason(slice, row.number());
    boolean asks = !wanted.name().isEmpty() || !filters.isEmpty() || !tokens.isEmpty();
    if (reason.isEmpty() && !asks) {
      return Optional.empty();
    }
    Optional<String> content = text.of(row, format);
    if (!wanted.takes(content)) {
      return Optional.of(new EncodedSample.Elsewhere());
    }
    if (reason.isEmpty() && content.isPresent()) {
      reason = filters.reject(content.get());
    }
    if (reason.isEmpty() && content.isPresent()) {
      reason = tokens.reject(content.get());
    }
    return reason.map(why -> new EncodedSample.Dropped(why, DroppedRow.start(content.orElse(""))));
  }
}
