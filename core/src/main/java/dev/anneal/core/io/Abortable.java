package dev.anneal.core.io;

/**
 * An output stream of a {@link FileStore} that can be given up: after {@link #abort} a close
 * publishes nothing and what stood at the path before stays.
 */
public interface Abortable {
  void abort();
}
