package dev.anneal.jobs.evaluate;

import dev.anneal.core.model.TokenScore;
import java.io.Serializable;
import java.util.Locale;

/**
 * The score of one folder of shards. Immutable.
 *
 * @param path as the configuration names it
 * @param lossSum of the positions with a target
 */
record ShardScore(
    String path, long rows, long tokens, long targetTokens, double lossSum, long rightTokens)
    implements Serializable {

  static ShardScore of(String path, long rows, TokenScore score) {
    return new ShardScore(
        path,
        rows,
        score.loss().tokens(),
        score.loss().targetTokens(),
        score.loss().sum(),
        score.rightTokens());
  }

  /** Whether there was anything to score. */
  boolean measured() {
    return targetTokens > 0;
  }

  double loss() {
    return lossSum / targetTokens;
  }

  double perplexity() {
    return Math.exp(loss());
  }

  double tokenAccuracy() {
    return (double) rightTokens / targetTokens;
  }

  /** One line for people. */
  String line() {
    String size = rows + (rows == 1 ? " row, " : " rows, ") + targetTokens + " target tokens)";
    return measured()
        ? String.format(
            Locale.ROOT,
            "%s: loss %.4f, perplexity %.4g, token accuracy %.4f (%s",
            path,
            loss(),
            perplexity(),
            tokenAccuracy(),
            size)
        : path + ": no loss: nothing is a target (" + size;
  }
}
