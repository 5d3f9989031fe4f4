package dev.anneal.core.train;

/**
 * Hears what a rank does, so that long work can be told from a rank that hangs. Thread-safe; must
 * not take part in collectives.
 */
public interface ProgressListener {
  /** A new part of the work begins. */
  void phase(long step, String name);

  /**
   * A piece of it is done: a micro-batch, a batch of an evaluation, bytes of a file. Called often,
   * so it must be quick.
   */
  void progress();
}
