package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.InputConfig;
import dev.anneal.data.read.DocumentText;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.tokenize.Tokenizer;
import java.util.List;

/**
 * Continued pretraining: a document's ids between what the tokenizer's post-processor puts around a
 * document, then EOS. Empty documents give nothing.
 */
final class DocumentEncoder implements RowEncoder {
  private final Tokenizer tokenizer;
  private final int eosId;
  private final String field;

  /**
   * @param field of JSON rows that holds the text
   */
  DocumentEncoder(Tokenizer tokenizer, int eosId, String field) {
    this.tokenizer = tokenizer;
    this.eosId = eosId;
    this.field = field;
  }

  @Override
  public EncodedSample encode(byte[] content, InputConfig.Format format) {
    int[] text;
    try {
      text = tokenizer.encode(text(content, format));
    } catch (IllegalArgumentException e) {
      return new EncodedSample.Bad(e.getMessage());
    }
    if (text.length == 0) {
      return new EncodedSample.Skipped(SkipReason.EMPTY);
    }
    int[] ids = framed(text);
    return new EncodedSample.Tokens(ids, ids, false);
  }

  private String text(byte[] content, InputConfig.Format format) {
    return switch (format) {
      case TEXT, LINES -> DocumentText.ofUtf8(content);
      case JSONL, PARQUET, ORC, ARROW, AUTO ->
          DocumentText.ofField(JsonRows.object(content), field);
    };
  }

  private int[] framed(int[] text) {
    List<Integer> prefix = tokenizer.documentPrefix();
    List<Integer> suffix = tokenizer.documentSuffix();
    boolean endsWithEos = !suffix.isEmpty() && suffix.get(suffix.size() - 1) == eosId;
    int length = prefix.size() + text.length + suffix.size() + (endsWithEos ? 0 : 1);
    int[] ids = new int[length];
    ids[length - 1] = eosId;
    for (int i = 0; i < prefix.size(); i++) {
      ids[i] = prefix.get(i);
    }
    System.arraycopy(text, 0, ids, prefix.size(), text.length);
    for (int i = 0; i < suffix.size(); i++) {
      ids[prefix.size() + text.length + i] = suffix.get(i);
    }
    return ids;
  }
}
