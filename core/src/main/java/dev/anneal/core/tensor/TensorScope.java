package dev.anneal.core.tensor;

import java.util.ArrayDeque;
import java.util.Deque;

/** Closes what was given to it, newest first. One thread. */
public final class TensorScope implements AutoCloseable {
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  /** Takes ownership and hands the resource back. */
  public <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("Cannot close a native resource", e);
      }
    }
  }
}
