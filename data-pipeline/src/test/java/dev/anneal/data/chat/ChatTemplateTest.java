package dev.anneal.data.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.tokenize.TestTokenizers;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
  private static final Conversation HELLO =
      Conversation.of(new ChatMessage("user", "你好"), new ChatMessage("assistant", "Hi"));

  @TempDir Path temp;

  @Test
  void rendersByteForByteWhatTransformersDoes() {
    List<GoldenChats.Golden> golden = GoldenChats.all();
    assertThat(golden).hasSizeGreaterThan(150);
    for (GoldenChats.Golden row : golden) {
      ChatTemplate template = row.chatTemplate();
      assertThat(template.render(row.conversation()).text()).isEqualTo(row.text());
      assertThat(template.renderPrompt(row.conversation()).text()).isEqualTo(row.prompt());
    }
  }

  @Test
  void seesVariablesSpecialTokensAndTheClock() {
    String source =
        "{{ bos_token }}{{ pad_token is defined }}{{ style }}{{ tools is none }}"
            + "{{ strftime_now('%Y') }}";
    ChatTemplate template =
        ChatTemplate.parse(source, Map.of("bos_token", "<s>"))
            .withClock(Clock.fixed(Instant.parse("2031-01-01T00:00:00Z"), ZoneOffset.UTC));
    Conversation conversation =
        new Conversation(HELLO.messages(), Map.of("style", TextNode.valueOf("formal")));
    assertThat(template.render(conversation).text()).isEqualTo("<s>FalseformalTrue2031");
  }

  @Test
  void givesReasoningUnderItsNamesAndNoNullFields() {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% for m in messages %}{{ m.reasoning_content }}/{{ m.thinking }}/{{ m.keys() | list }}"
                + "{% endfor %}",
            Map.of());
    ChatMessage message =
        new ChatMessage("assistant", "four", Map.of("reasoning", TextNode.valueOf("2+2")));
    assertThat(template.render(Conversation.of(message)).text())
        .isEqualTo("2+2/2+2/['thinking', 'role', 'content', 'reasoning', 'reasoning_content']");
  }

  @Test
  void passesOnWhatTheTemplateRefuses() {
    ChatTemplate template =
        ChatTemplate.parse("{{ raise_exception('Roles must alternate') }}", Map.of());
    assertThatThrownBy(() -> template.render(HELLO))
        .isInstanceOf(TemplateException.class)
        .hasMessage("Roles must alternate");
  }

  @Test
  void namesTheKeyOfATemplateThatCannotBeRead() {
    assertThatThrownBy(() -> ChatTemplate.parse("{% if x %}", Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot read the chat template: line 1: template ended, expected elif or else or endif"
                + " (tokenize.chat_template)");
  }

  @Test
  void findsTheTemplateByNameFileOrTokenizer() throws IOException {
    TokenizerFolder folder = TokenizerFolder.open(TestTokenizers.chatml());
    Path file = Files.createDirectories(temp.resolve("my templates")).resolve("own.jinja");
    Files.writeString(file, "own {{ messages | length }}");
    assertThat(ChatTemplates.named(file.toString(), folder).render(HELLO).text())
        .isEqualTo("own 2");
    assertThat(ChatTemplates.named("chatml", folder).renderPrompt(HELLO).text())
        .endsWith("Hi<|im_end|>\n<|im_start|>assistant\n");
    assertThatThrownBy(() -> ChatTemplates.named("chatlm", folder))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid tokenize.chat_template: chatlm (must be chatml, alpaca, llama2, llama3,"
                + " mistral, qwen or the path of a .jinja file)");
    assertThatThrownBy(() -> ChatTemplates.ofTokenizer(folder))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("set tokenize.chat_template to chatml, alpaca, llama2");
  }

  @Test
  void rendersEveryBuiltInTemplateThatTheDocumentationLists() throws IOException {
    TokenizerFolder folder = TokenizerFolder.open(TestTokenizers.chatml());
    String page = Files.readString(Path.of("..", "docs", "chat.md"));
    for (String name : ChatTemplates.BUILT_IN) {
      assertThat(page).contains("| `" + name + "` |");
      assertThat(ChatTemplates.named(name, folder).render(HELLO).text()).contains("你好", "Hi");
    }
  }

  @Test
  void goesOnWithTheFinalMessage() {
    ChatTemplate template =
        ChatTemplates.named("chatml", TokenizerFolder.open(TestTokenizers.chatml()));
    assertThat(template.renderContinued(HELLO, "content").text())
        .endsWith("<|im_start|>assistant\nHi");
    ChatTemplate trimming =
        ChatTemplate.parse("{% for m in messages %}{{ m.content | trim }}.{% endfor %}", Map.of());
    Conversation spaced = Conversation.of(new ChatMessage("assistant", "Hi \n"));
    assertThat(trimming.renderContinued(spaced, "content").text()).isEqualTo("Hi");
    assertThatThrownBy(() -> trimming.renderContinued(spaced, "thinking"))
        .hasMessage("the chat template does not read 'thinking'");
    assertThatThrownBy(
            () ->
                trimming.renderContinued(
                    Conversation.of(new ChatMessage("user", "a").without("content")), "content"))
        .hasMessage("the final message has no 'content' to continue");
    assertThatThrownBy(
            () ->
                ChatTemplate.parse("{{ messages[0].content[:1] }}", Map.of())
                    .renderContinued(spaced, "content"))
        .hasMessage("the chat template does not show the final message as it is");
  }

  @Test
  void rendersToolsByTheTemplateForThem() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("two templates"));
    Files.copy(TestTokenizers.chatml().resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"chat_template\": [{\"name\": \"default\", \"template\": \"\\n{% if true %}\\n"
            + "plain {{ messages[0].content }}{% endif %}\\n\\n\"}, {\"name\": \"tool_use\","
            + " \"template\": \"  {% if true %}\\ntools: {{ tools[0].name }}{% endif %} \\n\"}]}");
    ChatTemplate template = ChatTemplates.ofTokenizer(TokenizerFolder.open(folder));
    assertThat(template.render(HELLO).text()).isEqualTo("\nplain 你好");
    Conversation tools =
        new Conversation(
            HELLO.messages(),
            Map.of("tools", new ObjectMapper().readTree("[{\"name\": \"clock\"}]")));
    assertThat(template.render(tools).text()).isEqualTo("tools: clock ");

    Files.writeString(folder.resolve("chat_template.jinja"), "usual");
    Path more = Files.createDirectories(folder.resolve("additional_chat_templates"));
    Files.writeString(more.resolve("tool_use.jinja"), "with tools");
    ChatTemplate files = ChatTemplates.ofTokenizer(TokenizerFolder.open(folder));
    assertThat(files.render(HELLO).text()).isEqualTo("usual");
    assertThat(files.render(tools).text()).isEqualTo("with tools");
  }

  @Test
  void hashesSourceAndSpecialTokens() {
    String hash = ChatTemplate.parse("a", Map.of("eos_token", "x")).contentHash();
    assertThat(hash).hasSize(64);
    assertThat(ChatTemplate.parse("a", Map.of("eos_token", "x")).contentHash()).isEqualTo(hash);
    assertThat(ChatTemplate.parse("b", Map.of("eos_token", "x")).contentHash()).isNotEqualTo(hash);
    assertThat(ChatTemplate.parse("a", Map.of("eos_token", "y")).contentHash()).isNotEqualTo(hash);
  }

  @Test
  void turnsThinkingOffInThePrompt() {
    ChatTemplate template = ChatTemplate.parse(GoldenChats.source("thinking"), Map.of());
    Conversation quiet =
        new Conversation(
            List.of(new ChatMessage("user", "a")), Map.of("enable_thinking", BooleanNode.FALSE));
    assertThat(template.renderPrompt(quiet).text())
        .endsWith("<|im_start|>assistant\n<think>\n\n</think>\n\n");
  }
}
