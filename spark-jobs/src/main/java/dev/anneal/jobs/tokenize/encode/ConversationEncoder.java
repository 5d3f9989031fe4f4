package dev.anneal.jobs.tokenize.encode;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.read.SourceRow;
import dev.anneal.data.sft.ConversationMapper;
import dev.anneal.data.sft.DatasetFormat;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.sft.SftEncoder;
import dev.anneal.data.sft.SftRow;
import dev.anneal.jobs.tokenize.staging.StagedOutput;
import dev.anneal.jobs.tokenize.tally.EncodedSample;
import dev.anneal.jobs.tokenize.tally.SkipReason;
import java.util.Locale;

/** Supervised fine-tuning: a row's conversation through the chat template, with a loss mask. */
public final class ConversationEncoder implements RowEncoder {
  private final SftEncoder encoder;
  private final ConversationMapper mapper;

  ConversationEncoder(SftEncoder encoder, InputConfig input) {
    this.encoder = encoder;
    this.mapper = mapper(input);
  }

  public static ConversationMapper mapper(InputConfig input) {
    if (input.datasetFormat() == InputConfig.DatasetFormat.AUTO) {
      return ConversationMapper.detecting(input.columns());
    }
    String key = input.datasetFormat().name().toLowerCase(Locale.ROOT);
    return ConversationMapper.of(DatasetFormat.of(key), input.columns());
  }

  @Override
  public EncodedSample encode(SourceRow source, InputConfig.Format format, StagedOutput documents) {
    SftRow row;
    try {
      row = encoder.encode(mapper.map(JsonRows.object(source.content())));
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
}
