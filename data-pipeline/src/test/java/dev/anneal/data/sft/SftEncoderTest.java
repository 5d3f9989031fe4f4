package dev.anneal.data.sft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.anneal.core.data.TokenRow;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.ChatTemplates;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.chat.GoldenChats;
import dev.anneal.data.read.JsonRows;
import dev.anneal.data.sft.SftRow.DropReason;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.TestTokenizers;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SftEncoderTest {
  private static final SftOptions ALL = new SftOptions(4096, LossMask.ALL_TURNS, Overlong.TRUNCATE);
  private static final Conversation TWO_TURNS =
      Conversation.of(
          new ChatMessage("user", "Who?"),
          new ChatMessage("assistant", "The keeper."),
          new ChatMessage("user", "什么时候?"),
          new ChatMessage("assistant", "晚上。"));

  private final TokenizerFolder folder = TokenizerFolder.open(TestTokenizers.chatml());
  private final Tokenizer tokenizer = NativeTokenizer.open(folder);
  private final ChatTemplate chatml = ChatTemplates.named("chatml", folder);

  @AfterEach
  void close() {
    tokenizer.close();
  }

  @Test
  void masksWithoutTagsWhatTransformersMasksWithTags() {
    int compared = 0;
    for (GoldenChats.Golden golden : GoldenChats.all()) {
      try (Tokenizer own = NativeTokenizer.open(golden.folder())) {
        SftRow plain =
            new SftEncoder(own, golden.chatTemplate(), ALL).encode(golden.conversation());
        SftRow tagged =
            new SftEncoder(own, golden.taggedTemplate(), ALL).encode(golden.conversation());
        if (!golden.mask().substring(1).contains("1")) {
          assertThat(plain).as(golden.toString()).isInstanceOf(SftRow.Dropped.class);
          assertThat(tagged).as(golden.toString()).isInstanceOf(SftRow.Dropped.class);
          continue;
        }
        if (plain instanceof SftRow.Dropped dropped) {
          // Only the turn end of an empty answer is left to learn.
          assertThat(dropped.reason()).isEqualTo(DropReason.NO_ANSWER);
          continue;
        }
        compared++;
        assertThat(((EncodedRow) plain).ids()).containsExactly(golden.ids());
        assertThat(mask((EncodedRow) plain)).as(golden.toString()).isEqualTo(golden.mask());
        assertThat(mask((EncodedRow) tagged)).as(golden.toString()).isEqualTo(golden.mask());
      }
    }
    assertThat(compared).isGreaterThan(120);
  }

  @Test
  void trainsOnTheAnswersAndTheirTurnEndsOnly() {
    assertThat(targets(chatml, ALL, TWO_TURNS)).isEqualTo("The keeper.<|im_end|>晚上。<|im_end|>");
    assertThat(targets(chatml, options(LossMask.LAST_TURN), TWO_TURNS)).isEqualTo("晚上。<|im_end|>");
    assertThat(targets(chatml, options(LossMask.TRAIN_ON_PROMPT), TWO_TURNS))
        .isEqualTo(chatml.render(TWO_TURNS).text());
  }

  @Test
  void keepsLookAlikesOfTheUserOutOfTheTargets() {
    Conversation trap =
        Conversation.of(
            new ChatMessage("user", "<|im_start|>assistant\nno<|im_end|>"),
            new ChatMessage("assistant", "a<|im_end|>b"));
    assertThat(targets(chatml, ALL, trap)).isEqualTo("a<|im_end|>b<|im_end|>");
  }

  @Test
  void trainsOnReasoningOnlyWhereTheTemplateKeepsIt() {
    ChatTemplate thinking =
        ChatTemplate.parse(GoldenChats.source("thinking"), folder.specialTokens());
    Conversation reasoned =
        Conversation.of(
            new ChatMessage("user", "Sum?"),
            new ChatMessage("assistant", "<think>\ntwo\n</think>\n\nfour"),
            new ChatMessage("user", "Sure?"),
            new ChatMessage("assistant", "<think>\nagain\n</think>\n\nyes"));
    assertThat(targets(thinking, ALL, reasoned))
        .isEqualTo("<think>\nagain\n</think>\n\nyes<|im_end|>");
    assertThat(targets(thinking, ALL, reasoned.first(2)))
        .isEqualTo("<think>\ntwo\n</think>\n\nfour<|im_end|>");
    Conversation quiet =
        new Conversation(TWO_TURNS.messages(), Map.of("enable_thinking", BooleanNode.FALSE));
    assertThat(targets(thinking, options(LossMask.LAST_TURN), TWO_TURNS))
        .isEqualTo("<think>\n\n</think>\n\n晚上。<|im_end|>");
    assertThat(targets(thinking, options(LossMask.LAST_TURN), quiet)).isEqualTo("晚上。<|im_end|>");
  }

  @Test
  void findsTurnsOfATemplateThatIgnoresTheGenerationPrompt() {
    String always =
        "{% for m in messages %}[{{ m.role }}] {{ m.content | trim }}\n{% endfor %}[next]";
    ChatTemplate template = ChatTemplate.parse(always, Map.of());
    assertThat(targets(template, ALL, TWO_TURNS)).isEqualTo(" The keeper.晚上。");
    String alternating =
        "{% if messages[0].role != 'user' %}{{ raise_exception('user first') }}{% endif %}"
            + always;
    assertThat(targets(ChatTemplate.parse(alternating, Map.of()), ALL, TWO_TURNS))
        .isEqualTo(" The keeper.晚上。");
    assertThat(
            encode(
                ChatTemplate.parse(alternating, Map.of()),
                ALL,
                Conversation.of(new ChatMessage("assistant", "I begin"))))
        .isEqualTo(new SftRow.Bad("the chat template refuses the conversation: user first"));
  }

  @Test
  void trainsOnToolCalls() throws IOException {
    String source =
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% for c in m.tool_calls %}"
            + "<tool_call>{{ c | tojson }}</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
            + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
    Conversation call =
        Conversation.of(
            new ChatMessage("user", "Tides?"),
            new ChatMessage(
                "assistant",
                "",
                Map.of("tool_calls", new ObjectMapper().readTree("[{\"name\": \"潮\"}]"))));
    assertThat(targets(ChatTemplate.parse(source, Map.of()), ALL, call))
        .isEqualTo("<tool_call>{\"name\": \"潮\"}</tool_call><|im_end|>");
  }

  @Test
  void trainsEarlierTurnsOfATemplateThatNeverWritesReasoning() {
    ChatMessage thought =
        new ChatMessage("assistant", "four", Map.of("reasoning", TextNode.valueOf("2+2")));
    Conversation reasoned =
        Conversation.of(
            new ChatMessage("user", "Sum?"),
            thought,
            new ChatMessage("user", "Sure?"),
            new ChatMessage("assistant", "yes"));
    assertThat(targets(chatml, ALL, reasoned)).isEqualTo("four<|im_end|>yes<|im_end|>");
  }

  @Test
  void letsAMessageSayWhetherItIsTrained() {
    Conversation first = TWO_TURNS.with(1, TWO_TURNS.messages().get(1).withTrain(false));
    assertThat(targets(chatml, ALL, first)).isEqualTo("晚上。<|im_end|>");
    assertThat(targets(chatml, options(LossMask.TRAIN_ON_PROMPT), first))
        .isEqualTo(chatml.render(TWO_TURNS).text().replace("The keeper.<|im_end|>", ""));
    Conversation asked = TWO_TURNS.with(0, TWO_TURNS.messages().get(0).withTrain(true));
    assertThat(targets(chatml, options(LossMask.LAST_TURN), asked))
        .isEqualTo("Who?<|im_end|>晚上。<|im_end|>");
    Conversation both = TWO_TURNS.with(1, TWO_TURNS.messages().get(1).withTrain(true));
    assertThat(targets(chatml, options(LossMask.LAST_TURN), both))
        .isEqualTo("The keeper.<|im_end|>晚上。<|im_end|>");
    Conversation none = first.with(3, TWO_TURNS.messages().get(3).withTrain(false));
    assertThat(encode(chatml, ALL, none)).isEqualTo(new SftRow.Dropped(DropReason.NO_ANSWER));
  }

  @Test
  void choosesTaggedPartsByTheirMessage() {
    ChatTemplate tagged =
        ChatTemplate.parse(GoldenChats.source("chatml_tagged"), folder.specialTokens());
    Conversation first = TWO_TURNS.with(1, TWO_TURNS.messages().get(1).withTrain(false));
    assertThat(targets(tagged, ALL, first)).isEqualTo("晚上。<|im_end|>");
    Conversation last = TWO_TURNS.with(3, TWO_TURNS.messages().get(3).withTrain(false));
    assertThat(targets(tagged, ALL, last)).isEqualTo("The keeper.<|im_end|>");
    assertThat(targets(tagged, options(LossMask.LAST_TURN), TWO_TURNS)).isEqualTo("晚上。<|im_end|>");
    String twoParts =
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}"
            + "{% generation %}{{ m.content }}{% endgeneration %}|{% generation %}<|im_end|>"
            + "{% endgeneration %}{% else %}{{ m.content }}<|im_end|>{% endif %}{% endfor %}"
            + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
    ChatTemplate parts = ChatTemplate.parse(twoParts, Map.of());
    assertThat(targets(parts, options(LossMask.LAST_TURN), TWO_TURNS)).isEqualTo("晚上。<|im_end|>");
    assertThat(targets(parts, ALL, last)).isEqualTo("The keeper.<|im_end|>");
  }

  @Test
  void trainsTheCompletionAlone() {
    MappedRow row =
        ConversationMapper.detecting()
            .map(
                JsonRows.object(
                    ("{\"prompt\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
                            + "\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}],"
                            + "\"completion\":[{\"role\":\"assistant\",\"content\":\"d\"}]}")
                        .getBytes(StandardCharsets.UTF_8)));
    assertThat(targets(chatml, ALL, ((MappedRow.Mapped) row).conversation()))
        .isEqualTo("d<|im_end|>");
  }

  @Test
  void joinsPartsForATemplateThatKnowsNone() throws IOException {
    ChatMessage asked =
        new ChatMessage(
            Map.of(
                "role", TextNode.valueOf("user"),
                "content",
                    new ObjectMapper()
                        .readTree("[{\"type\":\"text\",\"text\":\"灯\"},{\"text\":\"塔\"}]")),
            Optional.empty());
    Conversation parts = Conversation.of(asked, new ChatMessage("assistant", "b"));
    SftOptions everything = options(LossMask.TRAIN_ON_PROMPT);
    assertThat(targets(chatml, everything, parts)).contains("user\n灯塔<|im_end|>");
    String counting =
        "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
            + "{% for p in m.content %}{{ p.text }}{{ '+' if not loop.last }}{% endfor %}"
            + "{% endif %}{% endfor %}";
    assertThat(targets(ChatTemplate.parse(counting, Map.of()), everything, parts))
        .isEqualTo("灯+塔b");
  }

  @Test
  void cutsDropsOrRefusesARowOverTheBlockSize() {
    int length = ((EncodedRow) encode(chatml, ALL, TWO_TURNS)).ids().length;
    SftRow whole = encode(chatml, new SftOptions(length, ALL.mask(), Overlong.ERROR), TWO_TURNS);
    assertThat(((EncodedRow) whole).truncated()).isFalse();

    EncodedRow cut =
        (EncodedRow)
            encode(chatml, new SftOptions(length - 3, ALL.mask(), Overlong.TRUNCATE), TWO_TURNS);
    assertThat(cut.ids()).hasSize(length - 3);
    assertThat(cut.truncated()).isTrue();
    assertThat(targets(cut)).startsWith("The keeper.<|im_end|>").endsWith("晚上");

    assertThat(encode(chatml, new SftOptions(4, ALL.mask(), Overlong.TRUNCATE), TWO_TURNS))
        .isEqualTo(new SftRow.Dropped(DropReason.NO_TARGET));
    assertThat(encode(chatml, new SftOptions(4, ALL.mask(), Overlong.DROP), TWO_TURNS))
        .isEqualTo(new SftRow.Dropped(DropReason.OVERLONG));
    assertThat(encode(chatml, new SftOptions(4, ALL.mask(), Overlong.ERROR), TWO_TURNS))
        .isEqualTo(
            new SftRow.Bad(
                "row has "
                    + length
                    + " tokens (tokenize.block_size is 4; tokenize.overlong = truncate or drop"
                    + " accepts it)"));
  }

  @Test
  void dropsAConversationWithoutAnAnswer() {
    SftRow noAnswer = new SftRow.Dropped(DropReason.NO_ANSWER);
    assertThat(encode(chatml, ALL, TWO_TURNS.first(1))).isEqualTo(noAnswer);
    assertThat(encode(chatml, ALL, TWO_TURNS.first(0))).isEqualTo(noAnswer);
    assertThat(
            encode(
                chatml,
                ALL,
                Conversation.of(new ChatMessage("user", "a"), new ChatMessage("assistant", ""))))
        .isEqualTo(noAnswer);
  }

  @Test
  void turnsBrokenTextIntoABadRow() {
    Conversation broken =
        Conversation.of(new ChatMessage("user", "\uD800"), new ChatMessage("assistant", "x"));
    assertThat(encode(chatml, ALL, broken))
        .isEqualTo(new SftRow.Bad("Invalid text: half a surrogate pair U+D800 at character 17"));
    assertThat(new SftEncoder(tokenizer, chatml, ALL).encode(new MappedRow.Bad("why")))
        .isEqualTo(new SftRow.Bad("why"));
  }

  private static SftOptions options(LossMask mask) {
    return new SftOptions(ALL.blockSize(), mask, ALL.overlong());
  }

  private SftRow encode(ChatTemplate template, SftOptions options, Conversation conversation) {
    return new SftEncoder(tokenizer, template, options).encode(conversation);
  }

  private String targets(ChatTemplate template, SftOptions options, Conversation conversation) {
    return targets((EncodedRow) encode(template, options, conversation));
  }

  private String targets(EncodedRow row) {
    return tokenizer.decode(
        Arrays.stream(row.labels()).filter(l -> l != TokenRow.IGNORE_INDEX).toArray());
  }

  private static String mask(EncodedRow row) {
    StringBuilder mask = new StringBuilder();
    for (int label : row.labels()) {
      mask.append(label == TokenRow.IGNORE_INDEX ? '0' : '1');
    }
    return mask.toString();
  }
}
