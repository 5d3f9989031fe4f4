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
  private final Tensor weight;
  private final Optional<Tensor> columns;

  private OutputHead(Tensor weight, Optional<Tensor> columns) {
    this.weight = weight;
    this.columns = columns;
    columns.ifPresent(scope::own);
  }

  /**
   * @param trainedOver by whose products training runs through this matrix without changing it
   */
  static OutputHead of(TensorProgram program, Tensor weight, Optional<MatrixProducts> trainedOver) {
    return new OutputHead(
        weight,
        trainedOver.isPresent() && copied(weight.elementCount(), trainedOver.get())
            ? Optional.of(program.columnMajor(weight))
            : Optional.empty());
  }

  /** Whether training over a frozen matrix of that many elements keeps a second copy. */
  static boolean copied(long elements, MatrixProducts products) {
    return elements <= COPIED && products.copiesHead();
  }

  /**
   * The same memory for another thread; this one must outlive it.
   *
   * @param own the other thread's handle of the weight
   */
  OutputHead replica(TensorProgram program, Tensor own) {
    return new OutputHead(own, columns.map(program::alias));
  }

  Tensor matrix() {
    return weight;
  }

  /**
   * The same values for the product that gives the logits. It reads the matrix column by column,
   * for a chunk of rows at a time, and is a fifth faster where the columns lie in one piece each.
   * Absent where it reads the matrix itself.
   */
  Optional<Tensor> columns() {
    return columns;
  }

  @Override
  public void close() {
    scope.close();
  }
}
