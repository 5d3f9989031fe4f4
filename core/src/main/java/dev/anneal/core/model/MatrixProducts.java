package dev.anneal.core.model;

import dev.anneal.core.model.config.Precision;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.VectorUnits;
import dev.anneal.core.tensor.VectorUnits.Width;
import java.util.Locale;

/**
 * Whose kernels multiply matrices, and how the matrices lie in memory for them: the one table of
 * what is faster where. A row is chosen by what the processor lets the libraries use, a column by
 * what is multiplied; what a row says of the shapes of training and of the head stands in its
 * program text. docs/decisions/0010 has the figures.
 */
public enum MatrixProducts {
  /** MKL with all the processor has; also where nobody measured. */
  BLAS("products-blas.torchscript", HeadCopy.NONE, DecodeLayout.ROWS),
  /** oneDNN alone uses AVX-512. */
  ONEDNN("products-onednn.torchscript", HeadCopy.COLUMNS, DecodeLayout.BLOCKS),
  /** Both keep to AVX2: each has shapes at which it is the faster one. */
  BY_SHAPE("products-by-shape.torchscript", HeadCopy.COLUMNS, DecodeLayout.BLOCKS);

  /** Whether training keeps a second copy of a frozen output matrix. */
  enum HeadCopy {
    NONE,
    COLUMNS
  }

  private final String resource;
  private final HeadCopy head;
  private final DecodeLayout decode;

  MatrixProducts(String resource, HeadCopy head, DecodeLayout decode) {
    this.resource = resource;
    this.head = head;
    this.decode = decode;
  }

  /** The methods of a program that multiply. */
  String source() {
    return Program.source(MatrixProducts.class, resource);
  }

  boolean copiesHead() {
    return head == HeadCopy.COLUMNS;
  }

  /** Whether generation copies weights, so that the model's own are read for prompts alone. */
  public boolean copiesForGeneration() {
    return decode != DecodeLayout.ROWS;
  }

  /** How generation keeps its weights. */
  DecodeLayout decodeLayout() {
    return decode;
  }

  /** The name that logs and checkpoints give the choice. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The faster one on this host: a matter of its processor alone, so that runs repeat. */
  public static MatrixProducts ofThisHost() {
    return of(VectorUnits.ofThisHost());
  }

  /** The same for products of a type: in 16 bits libtorch itself takes oneDNN. */
  public static MatrixProducts ofThisHost(Precision precision) {
    return precision.half() ? BLAS : ofThisHost();
  }

  static MatrixProducts of(VectorUnits units) {
    if (units.oneDnn() == Width.AVX2 && units.blas() == Width.AVX2) {
      return BY_SHAPE;
    }
    return units.oneDnn().compareTo(units.blas()) > 0 ? ONEDNN : BLAS;
  }
}
