package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.generate.TokenGenerator;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Greedy text against transformers.generate's, and draws that depend on the seed alone. */
class GenerationParityTest {
  private TensorRuntime runtime;

  @BeforeEach
  void open() {
    runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(1);
  }

  @AfterEach
  void close() {
    assertThat(runtime.liveTensors()).isZero();
    runtime.close();
  }

  private TrainedModel inference(String name) {
    return TrainedModel.forGeneration(
        runtime, ModelFolder.open(Parity.folder(name)), Optional.empty());
  }

  private static TokenGenerator generator(TrainedModel model, int batchSize) {
    return new TokenGenerator(model.model(), model.config().vocabSize(), batchSize);
  }

  private static GenerationSettings recorded(JsonNode generation) {
    JsonNode end = generation.path("eos_token_id");
    return new GenerationSettings(
        16,
        false,
        1,
        0,
        1,
        generation.path("repetition_penalty").asDouble(1),
        generation.path("no_repeat_ngram_size").asInt(0),
        end.isInt() ? Set.of(end.asInt()) : Set.of(),
        0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3-rope", "qwen2", "qwen3", "mistral-linear"})
  void writesTheTokensOfTransformers(String name) throws IOException {
    JsonNode generations = Parity.json(name + "/expected.json").get("generations");
    assertThat(generations.size()).isGreaterThan(4);
    try (TrainedModel model = inference(name)) {
      for (JsonNode generation : generations) {
        List<int[]> prompts = List.of(Parity.ints(generation.get("prompt")));
        assertThat(generator(model, 1).generate(prompts, recorded(generation)).get(0))
            .as(name + " " + generation)
            .isEqualTo(Parity.ints(generation.get("new_tokens")));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3"})
  void promptsOfDifferentLengthSideBySideGetTheSameTokens(String name) throws IOException {
    List<int[]> prompts = new ArrayList<>();
    List<int[]> expected = new ArrayList<>();
    for (JsonNode generation : Parity.json(name + "/expected.json").get("generations")) {
      if (recorded(generation).equals(GenerationSettings.greedy(16, Set.of()))) {
        prompts.add(Parity.ints(generation.get("prompt")));
        expected.add(Parity.ints(generation.get("new_tokens")));
      }
    }
    assertThat(prompts).hasSizeGreaterThan(1);
    prompts.add(1, new int[] {5});
    try (TrainedModel model = inference(name)) {
      List<int[]> answers =
          generator(model, 8).generate(prompts, GenerationSettings.greedy(16, Set.of()));
      answers.remove(1);
      assertThat(answers).usingRecursiveFieldByFieldElementComparator().isEqualTo(expected);
    }
  }

  private static GenerationSettings drawn(double temperature, int topK, double topP, long seed) {
    return new GenerationSettings(24, true, temperature, topK, topP, 1, 0, Set.of(3), seed);
  }

  private static List<int[]> prompts() {
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      prompts.add(new int[] {7, 20 + i, 31, 5 + i, 12}.clone());
    }
    prompts.set(3, new int[] {44});
    return prompts;
  }

  @Test
  void drawsAreTheSameWhateverTheBatchSize() {
    try (TrainedModel model = inference("qwen2")) {
      GenerationSettings settings = drawn(1.5, 20, 0.9, 11);
      List<int[]> alone = generator(model, 1).generate(prompts(), settings);
      for (int batchSize : new int[] {2, 3, 7, 16}) {
        assertThat(generator(model, batchSize).generate(prompts(), settings))
            .usingRecursiveFieldByFieldElementComparator()
            .isEqualTo(alone);
      }
    }
  }

  @Test
  void anotherSeedDrawsOtherTokens() {
    try (TrainedModel model = inference("qwen2")) {
      TokenGenerator generator = generator(model, 8);
      List<int[]> one = generator.generate(prompts(), drawn(2, 0, 1, 1));
      assertThat(generator.generate(prompts(), drawn(2, 0, 1, 1)))
          .usingRecursiveFieldByFieldElementComparator()
          .isEqualTo(one);
      assertThat(generator.generate(prompts(), drawn(2, 0, 1, 2)))
          .usingRecursiveFieldByFieldElementComparator()
          .isNotEqualTo(one);
    }
  }

  @Test
  void samePromptsDrawOnTheirOwn() {
    List<int[]> same = List.of(new int[] {7, 8, 9}, new int[] {7, 8, 9});
    try (TrainedModel model = inference("qwen2")) {
      List<int[]> answers = generator(model, 2).generate(same, drawn(3, 0, 1, 5));
      assertThat(answers.get(0)).isNotEqualTo(answers.get(1));
    }
  }

  @Test
  void drawingFromOneTokenIsGreedy() {
    try (TrainedModel model = inference("qwen2")) {
      TokenGenerator generator = generator(model, 8);
      List<int[]> greedy = generator.generate(prompts(), GenerationSettings.greedy(24, Set.of(3)));
      assertThat(generator.generate(prompts(), drawn(1, 1, 1, 9)))
          .usingRecursiveFieldByFieldElementComparator()
          .isEqualTo(greedy);
      assertThat(generator.generate(prompts(), drawn(1, 0, 1e-9, 9)))
          .usingRecursiveFieldByFieldElementComparator()
          .isEqualTo(greedy);
    }
  }

  @Test
  void refusesAPromptOfNoTokens() {
    try (TrainedModel model = inference("qwen2")) {
      List<int[]> prompts = List.of(new int[] {4}, new int[0]);
      assertThatThrownBy(
              () -> generator(model, 2).generate(prompts, GenerationSettings.greedy(4, Set.of())))
          .hasMessage("Invalid prompt: 0 tokens (must hold at least one)");
    }
  }

  @Test
  void refusesATokenTheModelDoesNotKnow() {
    try (TrainedModel model = inference("qwen2")) {
      List<int[]> prompts = List.of(new int[] {4, 100_000});
      assertThatThrownBy(
              () -> generator(model, 2).generate(prompts, GenerationSettings.greedy(4, Set.of())))
          .hasMessageContaining("Invalid token id in a prompt: 100000")
          .hasMessageContaining("model.path");
    }
  }

  @Test
  void noPromptsGiveNoAnswers() {
    try (TrainedModel model = inference("qwen2")) {
      assertThat(generator(model, 2).generate(List.of(), GenerationSettings.greedy(4, Set.of())))
          .isEmpty();
    }
  }
}
