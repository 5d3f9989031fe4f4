package dev.anneal.jobs.corpus;

import dev.anneal.core.io.Sha256;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What one task tokenizes: neighbouring slices of one input. */
public record CorpusSplit(int index, int input, List<FileSlice> slices) implements Serializable {
  public CorpusSplit {
    slices = List.copyOf(slices);
  }

  /**
   * The name of this work: its slices with their places, passes, shares, sizes and times. The index
   * has no part in it, so that a change elsewhere leaves what was staged of the other splits.
   */
  public String work() {
    String text = input + " " + slices;
    return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
