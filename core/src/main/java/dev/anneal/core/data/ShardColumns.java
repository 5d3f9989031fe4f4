package dev.anneal.core.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Which columns a shard set has, in this order; {@code input_ids} always.
 *
 * @param labels a target for each position, else the input ids are the targets
 * @param sequenceLengths lengths of the packed samples
 * @param attentionMask an int8 1 for each position, for readers that insist on it
 */
public record ShardColumns(boolean labels, boolean sequenceLengths, boolean attentionMask)
    implements Serializable {
  public static final String INPUT_IDS = "input_ids";
  public static final String LABELS = "labels";
  public static final String SEQUENCE_LENGTHS = "seq_lengths";
  public static final String ATTENTION_MASK = "attention_mask";

  public List<String> names() {
    List<String> names = new ArrayList<>(List.of(INPUT_IDS));
    if (labels) {
      names.add(LABELS);
    }
    if (sequenceLengths) {
      names.add(SEQUENCE_LENGTHS);
    }
    if (attentionMask) {
      names.add(ATTENTION_MASK);
    }
    return names;
  }
}
