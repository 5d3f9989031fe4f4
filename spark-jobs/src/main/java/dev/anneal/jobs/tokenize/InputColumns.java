package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.InputConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.data.sft.ConversationMapper;
import dev.anneal.jobs.read.RowColumns;
import java.util.Set;

/** Which columns of tables the rows of the inputs are made of. Immutable. */
record InputColumns(TokenizeConfig config) {

  /** Those of a slice; all, where the whole content of a row decides whether it is taken. */
  RowColumns of(FileSlice slice) {
    InputConfig input = config.inputs().get(slice.file().input());
    boolean others = slice.keep() < 1;
    if (config.stage() == TokenizeConfig.Stage.SFT) {
      Set<String> names = ConversationMapper.columns(input.columns());
      return new RowColumns(names, others, "", config.keepNulls());
    }
    String text = input.columns().getOrDefault("text", "text");
    return new RowColumns(Set.of(text), others, text, config.keepNulls());
  }
}
