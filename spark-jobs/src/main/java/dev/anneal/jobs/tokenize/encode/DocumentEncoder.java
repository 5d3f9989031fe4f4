package dev.anneal.jobs.tokenize.encode;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.DocumentText;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.read.JsonTextField;
import dev.anneal.data.read.SourceRow;
import dev.anneal.data.read.WellFormedUtf8;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.Utf8Encoder;
import dev.anneal.data.tokenize.WholeCharacters;
import dev.anneal.jobs.tokenize.staging.StagedOutput;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import dev.anneal.jobs.tokenize.tally.Phase;
import dev.anneal.jobs.tokenize.tally.PhaseClock;
import dev.anneal.jobs.tokenize.tally.SkipReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Continued pretraining: a document's ids between what the tokenizer's post-processor puts around a
 * document, then EOS. Empty documents give nothing. The text goes from the row's bytes to the
 * staged file without becoming a string or an array of ids. Confined to one thread.
 */
public final class DocumentEncoder implements RowEncoder {
  private final Utf8Encoder encoder;
  private final String field;
  private final JsonTextField scanned;
  private final int[] prefix;
  private final int[] suffix;
  private final PhaseClock clock;

  /**
   * @param field of JSON rows that holds the text
   */
  DocumentEncoder(
      Tokenizer tokenizer, Utf8Encoder encoder, int eosId, String field, PhaseClock clock) {
    this.encoder = encoder;
    this.field = field;
    this.scanned = new JsonTextField(field);
    this.prefix = ints(tokenizer.documentPrefix(), List.of());
    List<Integer> after = tokenizer.documentSuffix();
    boolean endsWithEos = !after.isEmpty() && after.get(after.size() - 1) == eosId;
    this.suffix = ints(after, endsWithEos ? List.of() : List.of(eosId));
    this.clock = clock;
  }

  private static int[] ints(List<Integer> one, List<Integer> two) {
    int[] ints = new int[one.size() + two.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = i < one.size() ? one.get(i) : two.get(i - one.size());
    }
    return ints;
  }

  @Override
  public EncodedSample encode(SourceRow row, InputConfig.Format format, StagedOutput documents)
      throws IOException {
    if (format == InputConfig.Format.TEXT || format == InputConfig.Format.LINES) {
      return WellFormedUtf8.isText(row.bytes(), row.start(), row.end())
          ? stream(row.bytes(), row.start(), row.end(), documents)
          : new EncodedSample.Bad("not UTF-8 text");
    }
    return switch (scanned.find(row)) {
      case TEXT -> stream(row.bytes(), scanned.start(), scanned.end(), documents);
      case NULL -> new EncodedSample.Skipped(SkipReason.EMPTY);
      case UNSURE -> parsed(row, documents);
    };
  }

  private EncodedSample parsed(SourceRow row, StagedOutput documents) throws IOException {
    byte[] utf8;
    try {
      String text = DocumentText.ofField(JsonRows.object(row.content()), field);
      WholeCharacters.require(text);
      utf8 = text.getBytes(StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return new EncodedSample.Bad(e.getMessage());
    }
    return stream(utf8, 0, utf8.length, documents);
  }

  private EncodedSample stream(byte[] utf8, int start, int end, StagedOutput documents)
      throws IOException {
    clock.lap(Phase.PARSE);
    encoder.encode(
        utf8,
        start,
        end,
        (ids, count) -> {
          if (count > 0 && documents.openTokens() == 0) {
            documents.accept(prefix, prefix.length);
          }
          documents.accept(ids, count);
        });
    if (documents.openTokens() == 0) {
      return new EncodedSample.Skipped(SkipReason.EMPTY);
    }
    documents.accept(suffix, suffix.length);
    return new EncodedSample.Streamed(documents.openTokens(), end - start);
  }
}
