package dev.anneal.jobs.generate;

import dev.anneal.core.config.TemplateDate;
import dev.anneal.jobs.config.AnnealConfig;
import java.io.Serializable;

/**
 * How a prompt becomes the text that the model goes on from. Immutable.
 *
 * @param chat as a user's message under a chat template; else as it stands
 * @param system message before it under the template; empty for none
 * @param date what {@code strftime_now} of the template tells
 * @param template empty takes the tokenizer's own; else a built-in name or a Jinja file
 */
public record PromptStyle(boolean chat, String system, String template, TemplateDate date)
    implements Serializable {

  /** As the record's constructor, at this machine's time. */
  public PromptStyle(boolean chat, String system, String template) {
    this(chat, system, template, TemplateDate.now());
  }

  /** The prompt as it stands, for models that only continue text. */
  public static PromptStyle plain() {
    return new PromptStyle(false, "", "");
  }

  /** The tokenizer's own chat template, without a system message. */
  public static PromptStyle ofChat() {
    return new PromptStyle(true, "", "");
  }

  /** What {@code generate.chat}, {@code generate.system} and the template of the data say. */
  public static PromptStyle of(AnnealConfig config) {
    return new PromptStyle(
        config.generate().chat(), config.generate().system(), config.tokenize().chatTemplate());
  }
}
