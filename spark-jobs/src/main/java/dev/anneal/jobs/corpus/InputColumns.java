package dev.anneal.jobs.corpus;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.sft.ConversationMapper;
import dev.anneal.jobs.read.RowColumns;
import java.util.Set;

/** Which columns of tables the rows of the inputs are made of. Immutable. */
public record InputColumns(TokenizeConfig config) {

  /** Those of a slice; all, where the whole content of a row decides whether it is taken. */
  public RowColumns of(FileSlice slice) {
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
