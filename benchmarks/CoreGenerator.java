import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.generate.TokenGenerator;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Greedy generation without Spark: {@code java -cp CLASSES CoreGenerator MODEL THREADS NEW_TOKENS
 * ROUNDS PROMPT...}, a prompt being its ids joined by commas; all prompts are one batch. Prints
 * {@code ROUND seconds} for each round and {@code TOKENS ids} of each prompt once.
 */
final class CoreGenerator {
  private CoreGenerator() {}

  public static void main(String[] arguments) {
    TrainingConfig config = TrainingConfig.of("model.path=" + arguments[0]);
    int newTokens = Integer.parseInt(arguments[2]);
    int rounds = Integer.parseInt(arguments[3]);
    List<int[]> prompts = new ArrayList<>();
    for (String prompt : Arrays.copyOfRange(arguments, 4, arguments.length)) {
      prompts.add(Arrays.stream(prompt.split(",")).mapToInt(Integer::parseInt).toArray());
    }
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(Integer.parseInt(arguments[1]));
      ModelFolder folder = ModelFolder.open(Path.of(config.model().path()));
      try (TrainedModel model = TrainedModel.forGeneration(runtime, folder, Optional.empty())) {
        TokenGenerator generator =
            new TokenGenerator(model.model(), model.config().vocabSize(), prompts.size());
        GenerationSettings greedy = GenerationSettings.greedy(newTokens, Set.of());
        List<int[]> answers = List.of();
        for (int round = 0; round < rounds; round++) {
          long start = System.nanoTime();
          answers = generator.generate(prompts, greedy);
          System.out.println("ROUND " + (System.nanoTime() - start) / 1e9);
        }
        answers.forEach(ids -> System.out.println("TOKENS " + Arrays.toString(ids)));
      }
    }
  }
}
