package dev.anneal.jobs.placement;

import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.jobs.tokenizer.JavaBytes;
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
  private final String runId;
  private final String secret;

  /**
   * @param secret of the run; empty when executors share Spark's own, which then need not travel
   */
  RankFunction(
      RankTask<T> work,
      DistributedConfig config,
      NativeFolder natives,
      String runId,
      String secret) {
    this.work = work;
    this.config = config;
    this.natives = natives;
    this.runId = runId;
    this.secret = secret;
  }

  @Override
  public Iterator<byte[]> apply(Iterator<Integer> rows) {
    String shared = secret.isEmpty() ? SparkEnv.get().securityManager().getSecretKey() : secret;
    RankRun<T> run =
        new RankRun<>(BarrierTaskContext.get(), config, new GroupIdentity(runId, 0, shared));
    RankOutcome<T> outcome = run.run(work, natives);
    return JavaConverters.asScalaIterator(List.of(JavaBytes.of(outcome)).iterator());
  }
}
