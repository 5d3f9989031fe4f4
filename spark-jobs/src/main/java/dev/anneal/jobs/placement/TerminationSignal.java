package dev.anneal.jobs.placement;

import java.util.function.BooleanSupplier;
import org.apache.spark.util.SignalUtils;
import scala.runtime.AbstractFunction0;

/**
 * SIGTERM, by which cluster managers and schedulers ask a process to end. Spark's own handlers of
 * it stay in force. Stateless.
 */
public final class TerminationSignal {
  private TerminationSignal() {}

  /**
   * Asks at each signal; when nobody takes care of it, the process ends as without a handler.
   *
   * @param request whether the process will end by itself
   */
  public static void handledBy(BooleanSupplier request) {
    SignalUtils.register(
        "TERM",
        new AbstractFunction0<Object>() {
          @Override
          public Object apply() {
            return request.getAsBoolean();
          }
        });
  }
}
