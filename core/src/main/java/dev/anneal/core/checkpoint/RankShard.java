package dev.anneal.core.checkpoint;

import dev.anneal.core.format.TensorSource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A rank's part of the trained state, about to be written. Borrows the memory behind the chunks
 * until the write returns.
 *
 * @param attempt tells the attempts of a step apart; 1 to 64 of {@code A-Z a-z 0-9 _ -}
 * @param elements floats of each state, padding included
 * @param slices where which parameter lies within the states
 * @param states the fp32 values, in order, little-endian; the file keeps the order of the states
 */
public record RankShard(
    long step,
    int rank,
    int worldSize,
    String attempt,
    long elements,
    List<StateSlice> slices,
    Map<StateKind, TensorSource.Chunks> states) {
  public RankShard {
    if (rank < 0 || rank >= worldSize) {
      throw new IllegalArgumentException(
          "Invalid rank: " + rank + " (must be in [0, " + worldSize + "))");
    }
    if (step < 0 || elements < 0) {
      throw new IllegalArgumentException(
          "Invalid shard: step " + step + ", " + elements + " elements (must be >= 0)");
    }
    slices = List.copyOf(slices);
    states = Collections.unmodifiableMap(new LinkedHashMap<>(states));
  }
}
