package dev.anneal.core.generate;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.model.CausalLm;
import dev.anneal.core.model.DecodeSession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Goes on from prompts of token ids, a batch side by side. Borrows the model; one thread. */
public final class TokenGenerator {
  private final CausalLm model;
  private final int batchSize;
  private final long vocabularySize;

  public TokenGenerator(CausalLm model, long vocabularySize, int batchSize) {
    if (batchSize <= 0) {
      throw new IllegalArgumentException(
          "Invalid generate.batch_size: " + batchSize + " (must be > 0)");
    }
    this.model = model;
    this.vocabularySize = vocabularySize;
    this.batchSize = batchSize;
  }

  /** The new tokens of each prompt; an end token that occurs is the last one. */
  public List<int[]> generate(List<int[]> prompts, GenerationSettings settings) {
    return generate(prompts, settings, 0);
  }

  /**
   * As {@link #generate(List, GenerationSettings)} for a part of the prompts.
   *
   * @param firstSequence the place of the first prompt among all; it decides the draws
   */
  public List<int[]> generate(
      List<int[]> prompts, GenerationSettings settings, long firstSequence) {
    prompts.forEach(this::check);
    List<int[]> answers = new ArrayList<>();
    for (int start = 0; start < prompts.size(); start += batchSize) {
      List<int[]> batch = prompts.subList(start, Math.min(start + batchSize, prompts.size()));
      answers.addAll(batch(batch, settings, firstSequence + start));
    }
    return answers;
  }

  private void check(int[] prompt) {
    if (prompt.length == 0) {
      throw new ConfigException("Invalid prompt: 0 tokens (must hold at least one)");
    }
    for (int id : prompt) {
      if (id < 0 || id >= vocabularySize) {
        throw new ConfigException(
            "Invalid token id in a prompt: "
                + id
                + " (must be in [0, "
                + vocabularySize
                + "); does the tokenizer belong to model.path?)");
      }
    }
  }

  private List<int[]> batch(List<int[]> prompts, GenerationSettings settings, long firstSequence) {
    int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
    NextToken choice = new NextToken(settings);
    int size = prompts.size();
    int[][] histories = new int[size][];
    int[] lengths = new int[size];
    boolean[] ended = new boolean[size];
    for (int b = 0; b < size; b++) {
      histories[b] = Arrays.copyOf(prompts.get(b), prompts.get(b).length + settings.maxNewTokens());
      lengths[b] = prompts.get(b).length;
    }
    try (DecodeSession session = model.decode(size, longest + settings.maxNewTokens())) {
      float[][] logits = session.prefill(prompts);
      int[] next = new int[size];
      for (int step = 0; step < settings.maxNewTokens(); step++) {
        boolean all = true;
        for (int b = 0; b < size; b++) {
          if (!ended[b]) {
            int[] history = Arrays.copyOf(histories[b], lengths[b]);
            long draw = (firstSequence + b << 24) + step;
            next[b] = choice.choose(logits[b], history, draw);
            histories[b][lengths[b]++] = next[b];
            ended[b] = settings.endIds().contains(next[b]);
          }
          all &= ended[b];
        }
        if (all || step + 1 == settings.maxNewTokens()) {
          break;
        }
        logits = session.step(next);
      }
    }
    List<int[]> answers = new ArrayList<>();
    for (int b = 0; b < size; b++) {
      answers.add(Arrays.copyOfRange(histories[b], prompts.get(b).length, lengths[b]));
    }
    return answers;
  }
}
