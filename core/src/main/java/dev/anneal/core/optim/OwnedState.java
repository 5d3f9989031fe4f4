package dev.anneal.core.optim;

import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * The trained values that live on a rank, by the rank that they belong to: one list where they are
 * sharded, those of all ranks where each has everything. Views; borrowed.
 *
 * @param shards pieces of the shards that are here, in the order of ranks
 * @param sharded whether other ranks own the other shards
 * @param whole a trained tensor as all ranks had it before the step, by its name
 */
public record OwnedState(
    List<List<Piece>> shards, boolean sharded, Function<String, Tensor> whole) {
  public OwnedState {
    shards = List.copyOf(shards);
  }

  /**
   * Neighbouring elements of one parameter.
   *
   * @param parameter its name
   * @param offset first element within the parameter, row by row
   * @param states one of each kind that the rule keeps
   */
  public record Piece(
      String parameter,
      long offset,
      FloatRegion values,
      FloatRegion gradients,
      List<FloatRegion> states) {
    public Piece {
      states = List.copyOf(states);
    }

    public long length() {
      return values.length();
    }

    /** Adds to the gradients, an element each. */
    public void addGradients(float[] added) {
      float[] sums = HostMemory.floats(gradients);
      for (int i = 0; i < sums.length; i++) {
        sums[i] += added[i];
      }
      HostMemory.put(sums, gradients);
    }
  }
}
