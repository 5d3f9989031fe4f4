package dev.anneal.jobs.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.InputConfig;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.sft.ConversationMapper;
import dev.anneal.data.sft.DatasetFormat;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.sft.SftEncoder;
import dev.anneal.data.sft.SftRow;
import java.util.Locale;
import java.util.Map;

/** Supervised fine-tuning: a row's conversation through the chat template, with a loss mask. */
final class ConversationEncoder implements RowEncoder {
  private final SftEncoder encoder;
  private final ConversationMapper mapper;
  private final Map<String, String> renamed;

  ConversationEncoder(SftEncoder encoder, InputConfig input) {
    boolean detects = input.datasetFormat() == InputConfig.DatasetFormat.AUTO;
    this.encoder = encoder;
    this.mapper = detects ? ConversationMapper.detecting() : mapper(input);
    // A row's shape can only be told by the names that its format knows.
    this.renamed = detects ? input.columns() : Map.of();
  }

  private static ConversationMapper mapper(InputConfig input) {
    String key = input.datasetFormat().name().toLowerCase(Locale.ROOT);
    return ConversationMapper.of(DatasetFormat.of(key), input.columns());
  }

  @Override
  public EncodedSample encode(byte[] content, InputConfig.Format format) {
    SftRow row;
    try {
      row = encoder.encode(mapper.map(rename(JsonRows.object(content))));
    } catch (IllegalArgumentException e) {
      return new EncodedSample.Bad(e.getMessage());
    }
    if (row instanceof EncodedRow encoded) {
      return new EncodedSample.Tokens(encoded.ids(), encoded.labels(), encoded.truncated());
    }
    if (row instanceof SftRow.Dropped dropped) {
      return new EncodedSample.Skipped(
          switch (dropped.reason()) {
            case NO_ANSWER -> SkipReason.NO_ANSWER;
            case OVERLONG -> SkipReason.OVERLONG;
            case NO_TARGET -> SkipReason.NO_TARGET;
          });
    }
    return new EncodedSample.Bad(((SftRow.Bad) row).reason());
  }

  private JsonNode rename(JsonNode row) {
    if (renamed.isEmpty()) {
      return row;
    }
    ObjectNode copy = row.deepCopy();
    renamed.forEach(
        (name, theirs) -> {
          if (row.has(theirs)) {
            copy.set(name, row.get(theirs));
          }
        });
    return copy;
  }
}
