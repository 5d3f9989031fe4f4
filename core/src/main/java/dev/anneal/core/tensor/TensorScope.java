package dev.anneal.core.tensor;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;

/** Closes the tensors given to it, newest first. One thread. */
public final class TensorScope implements AutoCloseable {
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  /** Takes ownership and hands the tensor back. */
  public Tensor own(Tensor tensor) {
    owned.push(tensor);
    return tensor;
  }

  public void ownAll(Collection<Tensor> tensors) {
    tensors.forEach(this::own);
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("Cannot close a tensor", e);
      }
    }
  }
}
