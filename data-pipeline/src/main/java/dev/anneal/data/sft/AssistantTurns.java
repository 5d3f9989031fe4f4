package dev.anneal.data.sft;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.chat.jinja.Rendering;
import dev.anneal.data.chat.jinja.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds the assistant's turns in a rendered conversation. A template with {@code generation} tags
 * says it itself. For any other, a turn begins where the rendering of the messages before it ends,
 * generation prompt included (without one: where a mark put before the content shows up), and its
 * content ends where a mark put behind it shows up. Nothing is taken from rendering the messages up
 * to and with the turn: templates like Qwen3's write the last turn otherwise than the same turn
 * with others behind it.
 *
 * <p>A turn whose words the template left out of the history (reasoning of earlier turns) is no
 * target: its text would teach to answer without them. Immutable and thread-safe.
 */
final class AssistantTurns {
  /** Characters for private use, which no template trims or looks for. */
  private static final String MARK = "\uE6A5\uF0C7";

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

  /** The turns in order; only the last one if so asked. */
  List<Turn> find(Conversation conversation, Rendering full, LossMask mask) {
    List<Turn> turns = new ArrayList<>();
    if (template.marksGeneration()) {
      full.generated().forEach(span -> turns.add(new Turn(span.start(), span.end(), Close.NONE)));
      return mask == LossMask.LAST_TURN && !turns.isEmpty()
          ? turns.subList(turns.size() - 1, turns.size())
          : turns;
    }
    int last = lastAssistant(conversation);
    for (int i = mask == LossMask.LAST_TURN ? Math.max(0, last) : 0; i <= last; i++) {
      if (conversation.messages().get(i).fromAssistant()) {
        Optional<Turn> turn = locate(conversation, i, full.text());
        if (turn.isPresent() && (i == last || keepsItsWords(conversation, i, full, turn.get()))) {
          turns.add(turn.get());
        }
      }
    }
    return turns;
  }

  private static int lastAssistant(Conversation conversation) {
    for (int i = conversation.messages().size() - 1; i >= 0; i--) {
      if (conversation.messages().get(i).fromAssistant()) {
        return i;
      }
    }
    return -1;
  }

  private Optional<Turn> locate(Conversation conversation, int index, String full) {
    ChatMessage message = conversation.messages().get(index);
    String mark = unusedMark(full);
    String marked =
        template.render(conversation.withContent(index, message.content() + mark)).text();
    boolean calls = message.extra().containsKey("tool_calls");
    if (marked.equals(full) && !calls) {
      return Optional.empty();
    }
    int start = promptEnd(conversation, index, full);
    if (start < 0) {
      String before =
          template.render(conversation.withContent(index, mark + message.content())).text();
      if (before.equals(full)) {
        throw new RowShapeException("the chat template hides where message " + index + " begins");
      }
      start = commonPrefix(full, before);
    }
    int end = marked.equals(full) ? start : Math.max(start, commonPrefix(full, marked));
    return Optional.of(new Turn(start, end, calls ? Close.CALLS_THEN_TURN_END : Close.TURN_END));
  }

  /** Where the prompt for a message ends in the full text, or -1 when the template shows none. */
  private int promptEnd(Conversation conversation, int index, String full) {
    if (index == 0) {
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

  private static boolean keepsItsWords(
      Conversation conversation, int index, Rendering full, Turn turn) {
    ChatMessage message = conversation.messages().get(index);
    String written = squeeze(full.text().substring(turn.start(), turn.end()));
    return written.contains(squeeze(message.content()))
        && message.reasoning().map(JsonNode::asText).map(AssistantTurns::squeeze).stream()
            .allMatch(written::contains);
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
