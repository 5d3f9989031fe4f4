package dev.anneal.core.peft.diff;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.optim.OwnedState;
import dev.anneal.core.optim.OwnedState.Piece;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The expected number of open gates, Σ sigmoid(alpha) and with groups Σ sigmoid(alpha) ·
 * sigmoid(group), times a weight, added to the loss of each step. Every rank has all locations, so
 * that the value is the same bits on each. Owns its program; one thread.
 */
public final class GatePenalty implements StepRule {
  private final TensorRuntime runtime;
  private final double weight;
  private final List<Gates> gates;
  private final Program program;

  /**
   * The gates of one matrix.
   *
   * @param alpha the name of its elements' locations
   * @param group the name of the matrix's own, where it has one
   */
  public record Gates(String alpha, Optional<String> group) {}

  public GatePenalty(TensorRuntime runtime, double weight, List<Gates> gates) {
    this.runtime = runtime;
    this.weight = weight;
    this.gates = List.copyOf(gates);
    this.program =
        Program.compile(
            runtime, List.of(Program.source(GatePenalty.class, "gate-penalty.torchscript")));
  }

  @Override
  public List<String> states() {
    return List.of();
  }

  @Override
  public double addGradients(OwnedState own, double scale) {
    if (weight == 0) {
      return 0;
    }
    Map<String, List<Piece>> pieces =
        own.shards().stream()
            .flatMap(List::stream)
            .collect(Collectors.groupingBy(Piece::parameter));
    double sum = 0;
    for (Gates matrix : gates) {
      Tensor alpha = own.whole().apply(matrix.alpha());
      double group = 1;
      double open = open(alpha);
      if (matrix.group().isPresent()) {
        String name = matrix.group().get();
        group = 1 / (1 + Math.exp(-own.whole().apply(name).toFloats()[0]));
        for (Piece piece : pieces.getOrDefault(name, List.of())) {
          add(piece, weight * scale * group * (1 - group) * open);
        }
      }
      for (Piece piece : pieces.getOrDefault(matrix.alpha(), List.of())) {
        addOpenGradient(piece, alpha, weight * scale * group);
      }
      sum += group * open;
    }
    return weight * sum;
  }

  private double open(Tensor alpha) {
    try (Tensor sum = program.call("open_gates").tensor(alpha).one()) {
      return sum.toDoubles()[0];
    }
  }

  private static void add(Piece piece, double value) {
    FloatBuffer sums = HostMemory.bytes(piece.gradients()).asFloatBuffer();
    sums.put(0, (float) (sums.get(0) + value));
  }

  private void addOpenGradient(Piece piece, Tensor alpha, double factor) {
    try (Tensor range = runtime.hostLongs(piece.offset(), piece.length());
        Tensor constant = runtime.hostDoubles(factor);
        Tensor gradient =
            program.call("open_gradient").tensor(alpha).tensor(range).tensor(constant).one()) {
      piece.addGradients(gradient.toFloats());
    }
  }

  @Override
  public void afterUpdate(long step, OwnedState own, Collective ranks) {}

  @Override
  public void close() {
    program.close();
  }
}
