package dev.anneal.data.sft;

import dev.anneal.core.config.ConfigException;
import java.util.Locale;

/** Counts over all rows of a run that show whether the loss mask worked. Adds up across tasks. */
public record MaskTotals(long rows, long tokens, long targets) {
  public static final MaskTotals NONE = new MaskTotals(0, 0, 0);

  public static MaskTotals of(EncodedRow row) {
    return new MaskTotals(1, Math.max(0, row.ids().length - 1), row.targetCount());
  }

  public MaskTotals plus(MaskTotals other) {
    return new MaskTotals(rows + other.rows, tokens + other.tokens, targets + other.targets);
  }

  /**
   * Refuses rows that are all masked or, unless that was asked for, all trained on: the template
   * does not show where the assistant speaks.
   */
  public void require(LossMask mask) {
    boolean allTrained = targets == tokens && mask != LossMask.TRAIN_ON_PROMPT;
    if (rows > 0 && (targets == 0 || allTrained)) {
      String message =
          "Invalid tokenize.mask: "
              + mask.name().toLowerCase(Locale.ROOT)
              + " makes "
              + (targets == 0 ? "no token" : "every token")
              + " of "
              + rows
              + " rows a target (tokenize.chat_template does not show where the assistant speaks"
              + (targets == 0 ? ", or tokenize.block_size cuts the answers off)" : ")");
      throw new ConfigException(message, new MaskException(message));
    }
  }
}
