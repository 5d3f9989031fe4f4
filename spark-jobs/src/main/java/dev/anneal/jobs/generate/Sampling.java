package dev.anneal.jobs.generate;

import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.jobs.config.GenerateConfig;
import java.util.Set;

/** From the keys of {@code generate} to the generator's settings. */
final class Sampling {
  private Sampling() {}

  static GenerationSettings of(GenerateConfig config) {
    return new GenerationSettings(
        config.maxNewTokens(),
        config.doSample(),
        config.temperature(),
        config.topK(),
        config.topP(),
        config.repetitionPenalty(),
        config.noRepeatNgramSize(),
        Set.of(),
        config.seed());
  }
}
