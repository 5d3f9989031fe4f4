package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.chat.jinja.value.Rendering;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the assistant's turns in a rendered conversation. A template with {@code generation} tags
 * says it itself. For any other, a turn begins where the rendering of the messages before it ends,
 * generation prompt included (without one: where a mark put before the content shows up), and its
 * content ends where a mark put behind it shows up. Nothing is taken from rendering the messages up
 * to and with the turn: templates like Qwen3's write the last turn otherwise than the same turn
 * with others behind it.
 *
 * <p>A turn whose words the template left out of the history (reasoning of earlier turns), while it
 * writes them in a last turn, is no target: its text would teach to answer without them. Immutable
 * and thread-safe.
 */
final class AssistantTurns {
  /** Characters for private use, which no template trims or looks for. */
  private static final String MARK = "\uE6A5\uF0C7";

  private static final String TOOL_CALLS = "tool_calls";

  private final ChatTemplate template;

  AssistantTurns(ChatTemplate template) {
    this.template = template;
  }

  /**
   * Part of a rendered text that the assistant wrote.
   *
   * @param end after the last character of its content
   * @param close what may stand between content and turn end
   */
  record Turn(int start, int end, Close close) {}

  /** How a turn goes on after its content. */
  enum Close {
    /** The span is exact. */
    NONE,
    /** White space, then the token that ends the turn. */
    TURN_END,
    /** Tool calls, then the token that ends the turn. */
    CALLS_THEN_TURN_END
  }

  /** The turns with a loss, in order: those of the mask, unless a message says otherwise. */
  List<Turn> find(Conversation conversation, Rendering full, LossMask mask) {
    List<ChatMessage> messages = conversation.messages();
    int last = lastAssistant(messages);
    boolean flagged = messages.stream().anyMatch(message -> message.train().isPresent());
    if (template.marksGeneration() && !flagged && mask == LossMask.ALL_TURNS) {
      return full.generated().stream().map(AssistantTurns::exact).toList();
    }
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      ChatMessage message = messages.get(i);
      boolean masked = mask == LossMask.LAST_TURN ? i == last : message.fromAssistant();
      if (message.train().orElse(masked)) {
        if (template.marksGeneration() && message.fromAssistant()) {
          turns.addAll(tagged(conversation, i, full));
        } else {
          written(conversation, i, full).ifPresent(turns::add);
        }
      }
    }
    return turns;
  }

  /** Where each message without a loss stands that says so itself. */
  List<Turn> findSilenced(Conversation conversation, Rendering full) {
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < conversation.messages().size(); i++) {
      if (!conversation.messages().get(i).train().orElse(true)) {
        locate(conversation, i, full.text()).ifPresent(turns::add);
      }
    }
    return turns;
  }

  private static Turn exact(Rendering.Span span) {
    return new Turn(span.start(), span.end(), Close.NONE);
  }

  /** A turn that has all its words in the text: a template may leave some out of the history. */
  private Optional<Turn> written(Conversation conversation, int index, Rendering full) {
    int last = lastAssistant(conversation.messages());
    return locate(conversation, index, full.text())
        .filter(turn -> index == last || keepsItsWords(conversation, index, full, turn));
  }

  /** The tagged parts of one message: those between its beginning and the next one's. */
  private List<Turn> tagged(Conversation conversation, int index, Rendering full) {
    Optional<Turn> turn = locate(conversation, index, full.text());
    if (turn.isEmpty()) {
      return List.of();
    }
    int next = full.text().length();
    for (int i = conversation.messages().size() - 1; i > index; i--) {
      if (conversation.messages().get(i).fromAssistant()) {
        next = locate(conversation, i, full.text()).map(Turn::start).orElse(next);
      }
    }
    int until = next;
    return full.generated().stream()
        .filter(span -> span.end() > turn.get().start() && span.start() < until)
        .map(AssistantTurns::exact)
        .toList();
  }

  private static int lastAssistant(List<ChatMessage> messages) {
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i).fromAssistant()) {
        return i;
      }
    }
    return -1;
  }

  private Optional<Turn> locate(Conversation conversation, int index, String full) {
    ChatMessage message = conversation.messages().get(index);
    String mark = unusedMark(full);
    String marked = template.render(conversation.with(index, message.withAfter(mark))).text();
    boolean calls = message.has(TOOL_CALLS);
    if (marked.equals(full) && !calls) {
      return Optional.empty();
    }
    int start = promptEnd(conversation, index, full);
    if (start < 0) {
      Optional<String> other = withOtherBeginning(conversation, index, mark, full);
      if (other.isEmpty()) {
        return Optional.empty();
      }
      start = commonPrefix(full, other.get());
    }
    int end = marked.equals(full) ? start : Math.max(start, commonPrefix(full, marked));
    return Optional.of(new Turn(start, end, calls ? Close.CALLS_THEN_TURN_END : Close.TURN_END));
  }

  /**
   * A rendering that parts from the full one where a message begins: with a mark before its words,
   * or without its calls; none where the template shows neither.
   */
  private Optional<String> withOtherBeginning(
      Conversation conversation, int index, String mark, String full) {
    ChatMessage message = conversation.messages().get(index);
    return Stream.of(message.withBefore(mark), message.without(TOOL_CALLS))
        .map(other -> template.render(conversation.with(index, other)).text())
        .filter(text -> !text.equals(full))
        .findFirst();
  }

  /** Where the prompt for a message ends in the full text, or -1 when the template shows none. */
  private int promptEnd(Conversation conversation, int index, String full) {
    if (index == 0 || !conversation.messages().get(index).fromAssistant()) {
      return -1;
    }
    Conversation before = conversation.first(index);
    try {
      String prompt = template.renderPrompt(before).text();
      boolean asks = !prompt.equals(template.render(before).text());
      return asks && full.startsWith(prompt) ? prompt.length() : -1;
    } catch (TemplateException e) {
      // Templates may refuse a conversation that stops here; the mark finds the turn all the same.
      return -1;
    }
  }

  /** Whether the text has all that the template writes of a turn when no other follows it. */
  private boolean keepsItsWords(Conversation conversation, int index, Rendering full, Turn turn) {
    ChatMessage message = conversation.messages().get(index);
    String written = squeeze(full.text().substring(turn.start(), turn.end()));
    List<String> missing =
        Stream.concat(
                Stream.of(message.content()), message.reasoning().map(JsonNode::asText).stream())
            .map(AssistantTurns::squeeze)
            .filter(words -> !written.contains(words))
            .toList();
    if (missing.isEmpty()) {
      return true;
    }
    try {
      String last = squeeze(template.render(conversation.first(index + 1)).text());
      return missing.stream().noneMatch(last::contains);
    } catch (TemplateException e) {
      return false; // cannot be told
    }
  }

  private static String squeeze(String text) {
    return text.replaceAll("\\s+", "");
  }

  private static String unusedMark(String full) {
    String mark = MARK;
    while (full.contains(mark)) {
      mark += MARK;
    }
    return mark;
  }

  private static int commonPrefix(String left, String right) {
    int limit = Math.min(left.length(), right.length());
    int at = 0;
    while (at < limit && left.charAt(at) == right.charAt(at)) {
      at++;
    }
    return at;
  }
}
