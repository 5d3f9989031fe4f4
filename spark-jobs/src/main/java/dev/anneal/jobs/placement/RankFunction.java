package dev.anneal.jobs.placement;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.jobs.task.JavaBytes;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;

/**
 * The function of the barrier stage, as Spark's Scala interface wants it: gives its outcome as
 * bytes.
 */
final class RankFunction<T extends Serializable>
    extends AbstractFunction1<Iterator<Integer>, Iterator<byte[]>> implements Serializable {
  private static final long serialVersionUID = 1L;

  private final RankTask<T> work;
  private final DistributedConfig config;
  private final NativeFolder natives;
  private final Run run;

  /**
   * The run as its ranks must know it. Immutable.
   *
   * @param devices where its ranks compute
   * @param firstAttempt of this Spark job: the attempts of a run grow over its jobs
   * @param secret of the run; empty when executors share Spark's own, which then need not travel
   */
  record Run(String runId, DevicePlan devices, int firstAttempt, String secret)
      implements Serializable {}

  RankFunction(RankTask<T> work, DistributedConfig config, NativeFolder natives, Run run) {
    this.work = work;
    this.config = config;
    this.natives = natives;
    this.run = run;
  }

  @Override
  public Iterator<byte[]> apply(Iterator<Integer> rows) {
    String shared =
        run.secret().isEmpty() ? SparkEnv.get().securityManager().getSecretKey() : run.secret();
    GroupIdentity first = new GroupIdentity(run.runId(), run.firstAttempt(), shared);
    RankOutcome<T> outcome =
        new RankRun<T>(BarrierTaskContext.get(), config, run.devices(), first).run(work, natives);
    return JavaConverters.asScalaIterator(List.of(JavaBytes.of(outcome)).iterator());
  }
}
