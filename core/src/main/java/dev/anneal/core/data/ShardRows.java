package dev.anneal.core.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Makes rows of the columns of one file: absent labels are the input ids, positions that {@code
 * attention_mask} hides at either end are left out, ids are checked against the vocabulary.
 * Immutable.
 */
final class ShardRows {
  private final ListColumn inputIds;
  private final Optional<ListColumn> labels;
  private final Optional<ListColumn> sequenceLengths;
  private final Optional<ListColumn> attentionMask;
  private final int vocabularySize;

  private ShardRows(ArrowSchema schema, int vocabularySize) {
    this.inputIds = schema.required(ShardColumns.INPUT_IDS);
    this.labels = schema.optional(ShardColumns.LABELS);
    this.sequenceLengths = schema.optional(ShardColumns.SEQUENCE_LENGTHS);
    this.attentionMask = schema.optional(ShardColumns.ATTENTION_MASK);
    this.vocabularySize = vocabularySize;
  }

  static ShardRows of(ArrowSchema schema, int vocabularySize) {
    return new ShardRows(schema, vocabularySize);
  }

  List<String> columns() {
    List<String> names = new ArrayList<>(List.of(inputIds.name()));
    labels.ifPresent(column -> names.add(column.name()));
    sequenceLengths.ifPresent(column -> names.add(column.name()));
    attentionMask.ifPresent(column -> names.add(column.name()));
    return names;
  }

  /** An {@link IllegalArgumentException} says what is wrong with the row. */
  TokenRow read(RecordBatchView batch, int row) {
    int[] ids = inputIds.read(batch, row);
    requireIds(ids);
    int[] targets = ids;
    if (labels.isPresent()) {
      targets = labels.get().read(batch, row);
      requireLabels(targets);
    }
    int[] lengths = ids.length == 0 ? new int[0] : new int[] {ids.length};
    if (sequenceLengths.isPresent()) {
      lengths = sequenceLengths.get().read(batch, row);
    }
    TokenRow whole = new TokenRow(ids, targets, lengths);
    if (attentionMask.isPresent()) {
      return visible(whole, attentionMask.get().read(batch, row));
    }
    return whole;
  }

  /** Positions of a row, hidden ones included. */
  int length(RecordBatchView batch, int row) {
    return inputIds.length(batch, row);
  }

  private void requireIds(int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabularySize) {
        throw new IllegalArgumentException(outside(inputIds.name(), i, ids[i]));
      }
    }
  }

  private void requireLabels(int[] targets) {
    for (int i = 0; i < targets.length; i++) {
      boolean inside = targets[i] >= 0 && targets[i] < vocabularySize;
      if (!inside && targets[i] != TokenRow.IGNORE_INDEX) {
        throw new IllegalArgumentException(outside(ShardColumns.LABELS, i, targets[i]));
      }
    }
  }

  private String outside(String column, int position, int id) {
    return column
        + "["
        + position
        + "] = "
        + id
        + " lies outside the vocabulary of "
        + vocabularySize;
  }

  private static TokenRow visible(TokenRow row, int[] mask) {
    int length = row.inputIds().length;
    if (mask.length != length) {
      throw new IllegalArgumentException(
          "attention_mask has " + mask.length + " values (expected " + length + ")");
    }
    int start = 0;
    while (start < length && mask[start] == 0) {
      start++;
    }
    int end = length;
    while (end > start && mask[end - 1] == 0) {
      end--;
    }
    for (int i = start; i < end; i++) {
      if (mask[i] == 0) {
        throw new IllegalArgumentException(
            "attention_mask[" + i + "] = 0 between visible tokens (only padding may be hidden)");
      }
    }
    if (end - start == length) {
      return row;
    }
    return new TokenRow(
        Arrays.copyOfRange(row.inputIds(), start, end),
        Arrays.copyOfRange(row.labels(), start, end),
        cut(row.sequenceLengths(), start, end));
  }

  private static int[] cut(int[] lengths, int start, int end) {
    int[] kept = new int[lengths.length];
    int count = 0;
    int first = 0;
    for (int length : lengths) {
      int inside = Math.min(first + length, end) - Math.max(first, start);
      if (inside > 0) {
        kept[count++] = inside;
      }
      first += length;
    }
    return Arrays.copyOf(kept, count);
  }
}
