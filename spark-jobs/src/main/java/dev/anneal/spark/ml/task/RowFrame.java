package dev.anneal.spark.ml.task;

import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * What stands around the ids of a text, and how long a row may be. Immutable.
 *
 * @param maxLength most ids of a row; 0 for no limit
 * @param padded whether shorter rows are filled up to {@code maxLength}
 */
public record RowFrame(
    boolean specialTokens, boolean eosToken, int maxLength, boolean padded, IdType idType)
    implements Serializable {

  /** Opens an encoder; {@link IllegalArgumentException} says what the tokenizer lacks. */
  public Encoder encoder(OpenTokenizers.Lease lease) {
    Tokenizer tokenizer = lease.tokenizer();
    TokenizerFolder folder = lease.folder();
    int[] before = specialTokens ? ints(tokenizer.documentPrefix()) : new int[0];
    int[] after = specialTokens ? ints(tokenizer.documentSuffix()) : new int[0];
    if (eosToken) {
      int eos = id(tokenizer, folder.eosToken(), "addEosToken: true", "eos_token");
      boolean there = after.length > 0 && after[after.length - 1] == eos;
      after = there ? after : IntStream.concat(Arrays.stream(after), IntStream.of(eos)).toArray();
    }
    if (maxLength > 0 && before.length + after.length > maxLength) {
      throw new IllegalArgumentException(
          "Invalid maxLength: %d (must be at least the %d special tokens of a row)"
              .formatted(maxLength, before.length + after.length));
    }
    int pad = padded ? id(tokenizer, folder.padToken(), "padding: max_length", "pad_token") : 0;
    return new Encoder(tokenizer, this, before, after, pad);
  }

  private static int id(Tokenizer tokenizer, Optional<String> token, String setting, String what) {
    return token
        .flatMap(tokenizer::tokenId)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Invalid %s (tokenizer_config.json names no %s of the vocabulary)"
                        .formatted(setting, what)));
  }

  private static int[] ints(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Encodes texts one by one. Thread-safe; borrows the tokenizer. */
  public record Encoder(Tokenizer tokenizer, RowFrame frame, int[] before, int[] after, int pad) {

    public Row encode(String text) {
      int[] ids = tokenizer.encode(text);
      int kept =
          frame.maxLength == 0
              ? ids.length
              : Math.min(ids.length, frame.maxLength - before.length - after.length);
      int used = before.length + kept + after.length;
      int length = frame.padded ? frame.maxLength : used;
      int[] row = Arrays.copyOf(before, length);
      System.arraycopy(ids, 0, row, before.length, kept);
      System.arraycopy(after, 0, row, before.length + kept, after.length);
      Arrays.fill(row, used, length, pad);
      int[] mask = new int[length];
      Arrays.fill(mask, 0, used, 1);
      IdType type = frame.idType;
      return RowFactory.create(type.column(row), type.column(new int[length]), type.column(mask));
    }
  }
}
