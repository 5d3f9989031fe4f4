package dev.anneal.core.optim;

import dev.anneal.core.collective.Collective;
import java.util.List;

/**
 * What a method does around the update of a step, to the part of the trained values that a rank
 * owns: regularisers, allocation of a budget. It keeps fp32 values of each element that are sharded
 * and saved as the optimizer's moments are. Owns what it opened; one thread.
 */
public interface StepRule extends AutoCloseable {
  /** Nothing around the update. */
  StepRule NONE =
      new StepRule() {
        @Override
        public List<String> states() {
          return List.of();
        }

        @Override
        public double addGradients(OwnedState own, double scale) {
          return 0;
        }

        @Override
        public void afterUpdate(long step, OwnedState own, Collective ranks) {}

        @Override
        public void close() {}
      };

  /** Names of its states, in small letters; {@link OwnedState.Piece#states} has them in order. */
  List<String> states();

  /**
   * Adds the gradient of a regulariser to the summed gradients, before they are divided and
   * clipped.
   *
   * @param scale what they will be divided by
   * @return the regulariser's value, the same on every rank, which the step's loss has on top
   */
  double addGradients(OwnedState own, double scale);

  /**
   * Sees the new values and the gradients that led to them, and may change the values, before other
   * ranks get them. Called by all ranks together.
   *
   * @param step the steps before this one
   */
  void afterUpdate(long step, OwnedState own, Collective ranks);

  @Override
  void close();
}
