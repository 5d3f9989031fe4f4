package dev.anneal.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextGeneratorTest {
  private static final GenerationSettings GREEDY = GenerationSettings.greedy(12, Set.of());
  private static final List<String> PROMPTS =
      List.of("What is the capital?", "首都是哪里？", "x", "a b c d e f g h i j");

  @TempDir static Path temp;
  private static Path model;

  @BeforeAll
  static void writeModel() throws IOException {
    model = temp.resolve("a model");
    TinyModel.write(model, TinyModel.Head.TIED);
  }

  private static int id(String token) {
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(TinyModel.TOKENIZER))) {
      return tokenizer.tokenId(token).orElseThrow();
    }
  }

  private static TextGenerator open(Optional<Path> adapter, PromptStyle style) {
    return TextGenerator.open(new TextGenerator.Source(model, adapter, 1), style);
  }

  @Test
  void answersInTheOrderOfThePromptsWhateverTheBatch() {
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.ofChat())) {
      List<String> alone = generator.answers(PROMPTS, GREEDY, 1);
      assertThat(alone).hasSize(4).doesNotHaveDuplicates();
      assertThat(generator.answers(PROMPTS, GREEDY, 3)).isEqualTo(alone);
      assertThat(generator.answers(PROMPTS.subList(1, 2), GREEDY, 3))
          .isEqualTo(alone.subList(1, 2));
    }
  }

  @Test
  void endsAtTheTurnEndOfTheTemplate() throws IOException {
    int turnEnd;
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(model))) {
      turnEnd = tokenizer.tokenId("<|im_end|>").orElseThrow();
    }
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.ofChat())) {
      assertThat(generator.endIds()).containsExactly(turnEnd);
    }
    Files.writeString(model.resolve("generation_config.json"), "{\"eos_token_id\": [17]}");
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.plain())) {
      assertThat(generator.endIds()).containsExactlyInAnyOrder(17, turnEnd);
    } finally {
      Files.delete(model.resolve("generation_config.json"));
    }
  }

  /** As transformers' {@code decode(ids, skip_special_tokens=True)}: only special tokens go. */
  @Test
  void keepsAnEndThatIsOrdinaryText() throws IOException {
    String whole;
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.plain())) {
      whole = generator.answers(PROMPTS.subList(0, 1), GREEDY, 1).get(0);
    }
    String end;
    try (Tokenizer tokenizer = Tokenizers.open(TokenizerFolder.open(model))) {
      int id =
          Arrays.stream(tokenizer.encode(whole))
              .filter(i -> tokenizer.decode(new int[] {i}).strip().matches("\\p{L}{3,}"))
              .findFirst()
              .orElseThrow();
      end = tokenizer.decode(new int[] {id});
      Files.writeString(
          model.resolve("generation_config.json"), "{\"eos_token_id\": [" + id + "]}");
    }
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.plain())) {
      String answer = generator.answers(PROMPTS.subList(0, 1), GREEDY, 1).get(0);
      assertThat(whole).startsWith(answer);
      assertThat(answer).endsWith(end).isNotEqualTo(whole);
    } finally {
      Files.delete(model.resolve("generation_config.json"));
    }
  }

  @Test
  void streamsTheAnswerInWholeCharacters() {
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.ofChat())) {
      GenerationSettings longer = GenerationSettings.greedy(60, Set.of());
      for (String prompt : PROMPTS) {
        List<String> pieces = new ArrayList<>();
        generator.stream(prompt, longer, 0, pieces::add);
        assertThat(pieces).hasSizeGreaterThan(2);
        assertThat(String.join("", pieces))
            .isEqualTo(generator.answers(List.of(prompt), longer, 1).get(0));
      }
    }
  }

  @Test
  void anAdapterChangesTheAnswers() throws IOException {
    Path adapter = temp.resolve("an adapter");
    TinyModel.writeAdapter(model, adapter);
    List<String> bare;
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.plain())) {
      bare = generator.answers(PROMPTS, GREEDY, 4);
    }
    try (TextGenerator generator = open(Optional.of(adapter), PromptStyle.plain())) {
      assertThat(generator.answers(PROMPTS, GREEDY, 4)).isNotEqualTo(bare);
    }
  }

  @Test
  void theTemplateAndItsSystemMessageChangeTheAnswers() {
    List<String> chat;
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.ofChat())) {
      chat = generator.answers(PROMPTS, GREEDY, 4);
    }
    try (TextGenerator generator =
        open(Optional.empty(), new PromptStyle(true, "You are a cat.", ""))) {
      assertThat(generator.answers(PROMPTS, GREEDY, 4)).isNotEqualTo(chat);
    }
    try (TextGenerator generator = open(Optional.empty(), new PromptStyle(true, "", "chatml"))) {
      assertThat(generator.answers(PROMPTS, GREEDY, 4)).isEqualTo(chat);
    }
  }

  @Test
  void refusesAPromptOfNoTokens() {
    try (TextGenerator generator = open(Optional.empty(), PromptStyle.plain())) {
      assertThatThrownBy(() -> generator.answers(List.of("a", ""), GREEDY, 4))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "Invalid prompt: 0 tokens in \"\" (must hold at least one; generate.prompt or a row"
                  + " of generate.input)");
    }
  }

  @Test
  void saysWhatIsMissing() throws IOException {
    Path bare = temp.resolve("bare");
    Files.createDirectories(bare);
    assertThatThrownBy(() -> openFolder(bare))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no config.json (model.path)");
    Files.copy(model.resolve("config.json"), bare.resolve("config.json"));
    assertThatThrownBy(() -> openFolder(bare))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("it holds no tokenizer.json");
    Files.copy(model.resolve("tokenizer.json"), bare.resolve("tokenizer.json"));
    assertThatThrownBy(() -> openFolder(bare))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("Cannot find a chat template in ")
        .hasMessageContaining("generate.chat = false");
    Files.copy(model.resolve("tokenizer_config.json"), bare.resolve("tokenizer_config.json"));
    assertThatThrownBy(() -> openFolder(bare))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("Cannot read weights")
        .hasMessageContaining("(model.path)");
  }

  private static void openFolder(Path folder) {
    TextGenerator.open(new TextGenerator.Source(folder, Optional.empty(), 1), PromptStyle.ofChat())
        .close();
  }
}
