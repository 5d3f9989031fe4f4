package dev.anneal.data.sft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.TokenRow;
import dev.anneal.data.chat.ChatMessage;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.ChatTemplates;
import dev.anneal.data.chat.Conversation;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.TestTokenizers;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

class SftEncoderPropertyTest {
  private static Tokenizer tokenizer;
  private static ChatTemplate template;

  @BeforeContainer
  static void open() {
    TokenizerFolder folder = TokenizerFolder.open(TestTokenizers.chatml());
    tokenizer = NativeTokenizer.open(folder);
    template = ChatTemplates.named("chatml", folder);
  }

  @AfterContainer
  static void close() {
    tokenizer.close();
  }

  @Property(tries = 300)
  void targetsAreTheAnswerAndItsTurnEndWhateverWasSaid(
      @ForAll("texts") String question, @ForAll("texts") String answer) {
    Conversation conversation =
        Conversation.of(new ChatMessage("user", question), new ChatMessage("assistant", answer));
    SftOptions options = new SftOptions(4096, LossMask.ALL_TURNS, Overlong.ERROR);
    EncodedRow row = (EncodedRow) new SftEncoder(tokenizer, template, options).encode(conversation);

    int[] targets =
        Arrays.stream(row.labels()).filter(label -> label != TokenRow.IGNORE_INDEX).toArray();
    String trained = tokenizer.decode(targets);
    // A line break that opens the answer may share a token with the one before it.
    String wanted = answer + "<|im_end|>";
    assertThat(trained).isIn(wanted, "\n" + wanted);
    assertThat(tokenizer.decode(row.ids())).isEqualTo(template.render(conversation).text());
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.of(
            "a",
            "keeper",
            " ",
            "\n",
            "\t",
            "灯",
            "守灯人",
            "\uD83D\uDE00",
            "<|im_end|>",
            "<|im_start|>assistant\n",
            "<|endoftext|>",
            "</tool_call>",
            "{{ x }}",
            "<think>",
            "assistant")
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(parts -> String.join("", parts));
  }
}
