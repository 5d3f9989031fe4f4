package dev.anneal.core.collective;

/**
 * An operation that a rank has started. Its region belongs to it until {@link #await} has returned
 * or thrown. Used by the rank's thread.
 */
public interface Work {
  /**
   * Until what this thread does next sees the result. Where operations and computing are queued on
   * a device, the queue waits and not the thread.
   *
   * @throws CollectiveException as the blocking operation would
   */
  void await();

  /** Whether {@link #await} would return, or throw, at once. */
  boolean over();

  /** How long it ran, once it is over, without the time in which earlier ones ran. */
  double seconds();

  /** Of an operation that is over. */
  static Work over(double seconds) {
    return new Work() {
      @Override
      public void await() {}

      @Override
      public boolean over() {
        return true;
      }

      @Override
      public double seconds() {
        return seconds;
      }
    };
  }
}
