package dev.anneal.spark.ml.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.anneal.core.config.TemplateDate;
import dev.anneal.core.data.TokenRow;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.ChatTemplates;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.sft.ConversationMapper;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.sft.LossMask;
import dev.anneal.data.sft.MappedRow;
import dev.anneal.data.sft.Overlong;
import dev.anneal.data.sft.SftEncoder;
import dev.anneal.data.sft.SftOptions;
import dev.anneal.data.sft.SftRow;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * How conversations become ids and labels. Immutable.
 *
 * @param template Jinja source
 * @param date what {@code strftime_now} of it tells
 * @param maxLength most ids of a row; 0 for no limit
 * @param prompts whether rows end with what asks the assistant to go on
 * @param strict whether a row that gives nothing is an error
 */
public record ChatEncoding(
    String template,
    TemplateDate date,
    String mask,
    int maxLength,
    String overlong,
    boolean prompts,
    boolean strict,
    IdType idType)
    implements Serializable {

  public Encoder encoder(OpenTokenizers.Lease lease) {
    ChatTemplate parsed = ChatTemplates.parse(template, lease.folder()).withClock(date.clock());
    int limit = maxLength == 0 ? Integer.MAX_VALUE : maxLength;
    SftOptions options = new SftOptions(limit, LossMask.of(mask), Overlong.of(overlong));
    return new Encoder(this, lease.tokenizer(), parsed, options);
  }

  /** Encodes conversations one by one; confined to a task. Borrows the tokenizer. */
  public static final class Encoder {
    private final ConversationMapper mapper = ConversationMapper.detecting();
    private final ChatEncoding encoding;
    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final SftOptions options;
    private final SftEncoder encoder;

    public Encoder(
        ChatEncoding encoding, Tokenizer tokenizer, ChatTemplate template, SftOptions options) {
      this.encoding = encoding;
      this.tokenizer = tokenizer;
      this.template = template;
      this.options = options;
      this.encoder = new SftEncoder(tokenizer, template, options);
    }

    /** The row's ids and labels; null for a row that gives none, where that is no error. */
    public Row encode(String conversation) {
      SftRow row;
      try {
        MappedRow mapped = mapper.map(row(JsonRows.value(conversation)));
        row = encoding.prompts ? prompt(mapped) : encoder.encode(mapped);
      } catch (IllegalArgumentException e) {
        row = new SftRow.Bad(e.getMessage());
      }
      if (row instanceof EncodedRow encoded) {
        IdType type = encoding.idType;
        return RowFactory.create(type.column(encoded.ids()), type.column(encoded.labels()));
      }
      if (encoding.strict) {
        throw new IllegalArgumentException(
            "Cannot encode a conversation: "
                + reason(row)
                + " (handleInvalid = skip or keep goes on without it): "
                + shortened(conversation));
      }
      return null;
    }

    /** A list of messages is a row's only field. */
    private JsonNode row(JsonNode node) {
      if (!node.isArray()) {
        return node;
      }
      boolean shareGpt = node.path(0).has("from");
      return JsonNodeFactory.instance
          .objectNode()
          .set(shareGpt ? "conversations" : "messages", node);
    }

    private SftRow prompt(MappedRow mapped) {
      if (mapped instanceof MappedRow.Bad bad) {
        return new SftRow.Bad(bad.reason());
      }
      int[] ids;
      try {
        ids =
            tokenizer.encode(
                template.renderPrompt(((MappedRow.Mapped) mapped).conversation()).text());
      } catch (TemplateException | IllegalArgumentException e) {
        return new SftRow.Bad(e.getMessage());
      }
      boolean overlong = ids.length > options.blockSize();
      if (overlong) { // without its end a prompt asks nothing
        return new SftRow.Dropped(SftRow.DropReason.OVERLONG);
      }
      int[] labels = new int[ids.length];
      Arrays.fill(labels, TokenRow.IGNORE_INDEX);
      return new EncodedRow(ids, labels, false);
    }

    private static String reason(SftRow row) {
      return row instanceof SftRow.Bad bad
          ? bad.reason()
          : ((SftRow.Dropped) row).reason().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String shortened(String conversation) {
      int end = Math.min(200, conversation.length());
      return end == conversation.length() ? conversation : conversation.substring(0, end) + "...";
    }
  }
}
