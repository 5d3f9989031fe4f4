package dev.anneal.jobs.generate;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.ChatTemplates;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.tokenize.EncodedText;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.io.HadoopFileStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Prompts to token ids and generated ids to text. Borrows the tokenizer; thread-safe. */
final class PromptEncoder {
  private static final String PROBE = "probe";

  private final Tokenizer tokenizer;
  private final PromptStyle style;
  private final Optional<ChatTemplate> template;
  private final Optional<String> eosToken;

  PromptEncoder(TokenizerFolder folder, Tokenizer tokenizer, PromptStyle style) {
    this.tokenizer = tokenizer;
    this.style = style;
    this.eosToken = folder.eosToken();
    this.template = style.chat() ? Optional.of(template(folder, style)) : Optional.empty();
  }

  private static ChatTemplate template(TokenizerFolder folder, PromptStyle style) {
    if (!style.template().isEmpty()) {
      return ChatTemplates.named(style.template(), folder, HadoopFileStore.ofEnvironment())
          .withClock(style.date().clock());
    }
    if (folder.chatTemplate().isEmpty()) {
      throw new ConfigException(
          "Cannot find a chat template in "
              + folder.path()
              + " (set generate.chat = false to go on from the bare prompt, or"
              + " tokenize.chat_template to "
              + String.join(", ", ChatTemplates.BUILT_IN)
              + " or the path of a .jinja file)");
    }
    return ChatTemplates.ofTokenizer(folder).withClock(style.date().clock());
  }

  /** The ids that the model goes on from; never none. */
  int[] encode(String prompt) {
    int[] ids = style.chat() ? tokenizer.encode(rendered(prompt)) : plain(prompt);
    if (ids.length == 0) {
      throw new ConfigException(
          "Invalid prompt: 0 tokens in \""
              + prompt
              + "\" (must hold at least one; generate.prompt or a row of generate.input)");
    }
    return ids;
  }

  private String rendered(String prompt) {
    try {
      return template.orElseThrow().renderPrompt(conversation(prompt)).text();
    } catch (TemplateException e) {
      throw new ConfigException(
          "Cannot apply the chat template to a prompt: " + e.getMessage() + " (generate.chat)", e);
    }
  }

  private Conversation conversation(String prompt) {
    List<ChatMessage> messages = new ArrayList<>();
    if (!style.system().isEmpty()) {
      messages.add(new ChatMessage(ChatMessage.SYSTEM, style.system()));
    }
    messages.add(new ChatMessage(ChatMessage.USER, prompt));
    return new Conversation(messages, Map.of());
  }

  /** A document's beginning, as in continued pretraining: BOS where the tokenizer writes one. */
  private int[] plain(String prompt) {
    int[] ids = tokenizer.encode(prompt);
    if (ids.length == 0) {
      return ids;
    }
    int[] prefix = tokenizer.documentPrefix().stream().mapToInt(Integer::intValue).toArray();
    return IntStream.concat(Arrays.stream(prefix), Arrays.stream(ids)).toArray();
  }

  /** What ends an answer besides the model's own end tokens: EOS, the turn's end. */
  Set<Integer> endIds() {
    Set<Integer> ids = new TreeSet<>();
    eosToken.flatMap(tokenizer::tokenId).ifPresent(ids::add);
    turnEnd().ifPresent(ids::add);
    return ids;
  }

  /** The special token that the template writes after what the assistant said. */
  private Optional<Integer> turnEnd() {
    if (template.isEmpty()) {
      return Optional.empty();
    }
    List<ChatMessage> messages = new ArrayList<>(conversation("user").messages());
    messages.add(new ChatMessage(ChatMessage.ASSISTANT, PROBE));
    String text;
    try {
      text = template.get().render(new Conversation(messages, Map.of())).text();
    } catch (TemplateException e) {
      return Optional.empty(); // a template for prompts only has no turn to end
    }
    EncodedText encoded = tokenizer.encodeWithOffsets(text);
    int after = text.lastIndexOf(PROBE) + PROBE.length();
    for (int i = 0; i < encoded.size(); i++) {
      if (encoded.starts()[i] >= after && tokenizer.isSpecial(encoded.ids()[i])) {
        return Optional.of(encoded.ids()[i]);
      }
    }
    return Optional.empty();
  }

  /** The text of an answer without special tokens; an end that is ordinary text is part of it. */
  String decode(int[] ids) {
    return tokenizer.decodeSkippingSpecial(ids);
  }
}
