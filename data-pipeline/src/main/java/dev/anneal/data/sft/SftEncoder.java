package dev.anneal.data.sft;

import dev.anneal.core.data.TokenRow;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.chat.jinja.value.Rendering;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.sft.AssistantTurns.Close;
import dev.anneal.data.sft.AssistantTurns.Turn;
import dev.anneal.data.tokenize.EncodedText;
import dev.anneal.data.tokenize.Tokenizer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Encodes conversations: the whole text is rendered and tokenized once, without added special
 * tokens; targets are what the assistant writes after the generation prompt, up to and with the
 * token that ends its turn.
 *
 * <p>Thread-safe. Borrows the tokenizer, which must match special tokens in texts: the template
 * writes them.
 */
public final class SftEncoder {
  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final SftOptions options;
  private final AssistantTurns turns;
  private final boolean readsParts;

  public SftEncoder(Tokenizer tokenizer, ChatTemplate template, SftOptions options) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.options = options;
    this.turns = new AssistantTurns(template);
    this.readsParts = template.readsParts();
  }

  /** Encodes a mapped row; never throws for what it holds. */
  public SftRow encode(MappedRow row) {
    if (row instanceof MappedRow.Bad bad) {
      return new SftRow.Bad(bad.reason());
    }
    return encode(((MappedRow.Mapped) row).conversation());
  }

  /** Encodes a conversation; never throws for what it holds. */
  public SftRow encode(Conversation conversation) {
    if (conversation.messages().stream().noneMatch(SftEncoder::says)) {
      return new SftRow.Dropped(SftRow.DropReason.NO_ANSWER);
    }
    try {
      EncodedRow whole = label(conversation);
      return fit(whole.ids(), whole.labels());
    } catch (TemplateException e) {
      return new SftRow.Bad("the chat template refuses the conversation: " + e.getMessage());
    } catch (RowShapeException | IllegalArgumentException e) {
      return new SftRow.Bad(e.getMessage());
    }
  }

  /**
   * The whole of a conversation, with labels even where none is a target.
   *
   * @throws TemplateException when the template refuses it
   */
  public EncodedRow label(Conversation given) {
    Conversation conversation = readsParts ? given : given.flattened();
    Rendering full = template.render(conversation);
    EncodedText encoded = tokenizer.encodeWithOffsets(full.text());
    return new EncodedRow(encoded.ids(), labels(conversation, full, encoded), false);
  }

  /** As {@link #label}, for showing; empty when the conversation cannot be rendered or found in. */
  public Optional<EncodedRow> shown(Conversation given) {
    try {
      return Optional.of(label(given));
    } catch (TemplateException | RowShapeException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean says(ChatMessage message) {
    boolean words =
        !message.content().isEmpty()
            || message.has("tool_calls")
            || message.reasoning().isPresent();
    return message.train().orElse(message.fromAssistant()) && words;
  }

  private int[] labels(Conversation conversation, Rendering full, EncodedText encoded) {
    if (options.mask() == LossMask.TRAIN_ON_PROMPT) {
      int[] labels = encoded.ids().clone();
      for (Turn silenced : turns.findSilenced(conversation, full)) {
        Tokens tokens = tokens(silenced, full, encoded);
        Arrays.fill(labels, tokens.from(), tokens.to(), TokenRow.IGNORE_INDEX);
      }
      return labels;
    }
    int[] labels = new int[encoded.size()];
    Arrays.fill(labels, TokenRow.IGNORE_INDEX);
    for (Turn turn : turns.find(conversation, full, options.mask())) {
      Tokens tokens = tokens(turn, full, encoded);
      System.arraycopy(
          encoded.ids(), tokens.from(), labels, tokens.from(), tokens.to() - tokens.from());
    }
    return labels;
  }

  /** Tokens {@code [from, to)} of a turn. */
  private record Tokens(int from, int to) {}

  /** All that share a character with the turn, and the one that ends it. */
  private Tokens tokens(Turn turn, Rendering full, EncodedText encoded) {
    int from = 0;
    while (from < encoded.size() && encoded.ends()[from] <= turn.start()) {
      from++;
    }
    int to = from;
    while (to < encoded.size() && encoded.starts()[to] < turn.end()) {
      to++;
    }
    return new Tokens(from, Math.max(to, turnEnd(turn, full.text(), encoded, to) + 1));
  }

  /** Index of the token that ends a turn, or -1 when the template writes none. */
  private int turnEnd(Turn turn, String text, EncodedText encoded, int after) {
    if (turn.close() == Close.NONE) {
      return -1;
    }
    for (int i = after; i < encoded.size(); i++) {
      if (tokenizer.isSpecial(encoded.ids()[i])) {
        return i;
      }
      boolean blank = text.substring(encoded.starts()[i], encoded.ends()[i]).isBlank();
      if (!blank && turn.close() == Close.TURN_END) {
        return -1;
      }
    }
    return -1;
  }

  private SftRow fit(int[] ids, int[] labels) {
    boolean overlong = ids.length > options.blockSize();
    if (overlong && options.overlong() == Overlong.DROP) {
      return new SftRow.Dropped(SftRow.DropReason.OVERLONG);
    }
    if (overlong && options.overlong() == Overlong.ERROR) {
      return new SftRow.Bad(
          "row has "
              + ids.length
              + " tokens (tokenize.block_size is "
              + options.blockSize()
              + "; tokenize.overlong = truncate or drop accepts it)");
    }
    EncodedRow row =
        overlong
            ? new EncodedRow(
                Arrays.copyOf(ids, options.blockSize()),
                Arrays.copyOf(labels, options.blockSize()),
                true)
            : new EncodedRow(ids, labels, false);
    return row.targetCount() == 0 ? new SftRow.Dropped(SftRow.DropReason.NO_TARGET) : row;
  }
}
