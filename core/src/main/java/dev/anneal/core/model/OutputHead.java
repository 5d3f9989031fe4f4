package dev.anneal.core.model;

import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorScope;
import java.util.Optional;

/**
 * The output matrix [vocabulary, hidden] in fp32, as the products of the head read it. Borrows the
 * weight, owns a copy where it keeps one. One thread.
 */
final class OutputHead implements AutoCloseable {
  /** Most elements of a matrix of which training keeps a second copy: 128 MB. */
  private static final long COPIED = 1L << 25;

  private final TensorScope scope = new TensorScope();
  private final TensorProgram program;
  private final Tensor weight;
  private final Optional<Tensor> widened;
  private final Optional<Tensor> columns;

  /**
   * @param weight fp32, or 16-bit floats where {@code widened} is there
   * @param widened memory for the weight in fp32, shared with the layers
   * @param trainedOver whether training runs through this matrix without changing it
   */
  OutputHead(TensorProgram program, Tensor weight, Optional<Tensor> widened, boolean trainedOver) {
    this.program = program;
    this.weight = weight;
    this.widened = widened;
    columns =
        trainedOver && copied(weight.elementCount())
            ? Optional.of(scope.own(program.columnMajor(weight)))
            : Optional.empty();
  }

  /** Whether training over a frozen matrix of that many elements keeps a second copy. */
  static boolean copied(long elements) {
    return elements <= COPIED && MatrixProducts.ofThisHost() == MatrixProducts.ONEDNN;
  }

  /** A widened one lies in the scratch: valid until a layer is computed. */
  Tensor matrix() {
    if (widened.isEmpty()) {
      return weight;
    }
    program.copy(widened.get(), weight);
    return widened.get();
  }

  /**
   * The same values for the product that gives the logits. It reads the matrix column by column,
   * for a chunk of rows at a time, and is a fifth faster where the columns lie in one piece each.
   *
   * @param matrix what {@link #matrix} gave
   */
  Tensor forLogits(Tensor matrix) {
    return columns.orElse(matrix);
  }

  @Override
  public void close() {
    scope.close();
  }
}
