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
    return generate(prompts, settings, firstSequence, TokenListener.NONE);
  }

  /** As above, telling each token as soon as it is chosen. */
  public List<int[]> generate(
      List<int[]> prompts, GenerationSettings settings, long firstSequence, TokenListener told) {
    prompts.forEach(this::check);
    List<int[]> answers = new ArrayList<>();
    for (int start = 0; start < prompts.size(); start += batchSize) {
      List<int[]> batch = prompts.subList(start, Math.min(start + batchSize, prompts.size()));
      int first = start;
      TokenListener ofBatch = (sequence, id) -> told.next(first + sequence, id);
      answers.addAll(batch(batch, settings, firstSequence + start, ofBatch));
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

  private List<int[]> batch(
      List<int[]> prompts, GenerationSettings settings, long firstSequence, TokenListener told) {
    int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
    Growing growing = new Growing(prompts, settings, firstSequence, told);
    int room = longest + settings.maxNewTokens();
    try (DecodeSession session = model.decode(prompts.size(), room, batchSize)) {
      session.prefill(prompts);
      for (int step = 0; step < settings.maxNewTokens(); step++) {
        if (!growing.grow(session, step) || step + 1 == settings.maxNewTokens()) {
          break;
        }
        session.step(growing.next);
      }
    }
    return growing.answers(prompts);
  }

  /** The sequences of a batch and the token that each has got last. */
  private final class Growing {
    private final NextToken choice;
    private final TokenListener told;
    private final long firstSequence;
    private final int[] endIds;
    private final int[][] histories;
    private final int[] lengths;
    private final boolean[] ended;
    private final int[] next;
    private final float[] logits = new float[Math.toIntExact(vocabularySize)];

    Growing(
        List<int[]> prompts, GenerationSettings settings, long firstSequence, TokenListener told) {
      this.choice = new NextToken(settings);
      this.told = told;
      this.firstSequence = firstSequence;
      this.endIds = settings.endIds().stream().mapToInt(Integer::intValue).sorted().toArray();
      int size = prompts.size();
      histories = new int[size][];
      lengths = new int[size];
      ended = new boolean[size];
      next = new int[size];
      for (int b = 0; b < size; b++) {
        lengths[b] = prompts.get(b).length;
        histories[b] = Arrays.copyOf(prompts.get(b), lengths[b] + settings.maxNewTokens());
      }
    }

    /** Gives each sequence that goes on its next token; says whether one still goes on. */
    boolean grow(DecodeSession session, int step) {
      boolean goesOn = false;
      for (int b = 0; b < lengths.length; b++) {
        if (!ended[b]) {
          session.logits(b, logits);
          long draw = (firstSequence + b << 24) + step;
          next[b] = choice.choose(logits, histories[b], lengths[b], draw);
          histories[b][lengths[b]++] = next[b];
          ended[b] = Arrays.binarySearch(endIds, next[b]) >= 0;
          told.next(b, next[b]);
        }
        goesOn |= !ended[b];
      }
      return goesOn;
    }

    List<int[]> answers(List<int[]> prompts) {
      List<int[]> answers = new ArrayList<>();
      for (int b = 0; b < lengths.length; b++) {
        answers.add(Arrays.copyOfRange(histories[b], prompts.get(b).length, lengths[b]));
      }
      return answers;
    }
  }
}
