package dev.anneal.jobs.placement;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.tensor.CudaDriver;
import dev.anneal.core.tensor.LibtorchFacts;
import dev.anneal.jobs.task.JavaBytes;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;

/**
 * A task of the survey, as Spark's Scala interface wants it: the first of each executor looks, and
 * gives its facts as bytes.
 */
final class SurveyFunction extends AbstractFunction1<Iterator<Integer>, Iterator<byte[]>>
    implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final String SEPARATOR = "\n";

  private final NativeFolder natives;

  SurveyFunction(NativeFolder natives) {
    this.natives = natives;
  }

  @Override
  public Iterator<byte[]> apply(Iterator<Integer> rows) {
    BarrierTaskContext task = BarrierTaskContext.get();
    String own = SparkEnv.get().executorId();
    // Every task tells its executor and its cards; they run at once, so that none is missed.
    String cards = String.join(SEPARATOR, DevicePlan.addresses(task));
    String[] told = task.allGather(own + SEPARATOR + cards);
    List<Integer> here = new ArrayList<>();
    List<String> addresses = new ArrayList<>();
    for (int other = 0; other < told.length; other++) {
      List<String> lines = told[other].lines().toList();
      if (lines.get(0).equals(own)) {
        here.add(other);
        addresses.addAll(lines.subList(1, lines.size()));
      }
    }
    if (here.get(0) != task.partitionId()) {
      return JavaConverters.asScalaIterator(List.<byte[]>of().iterator());
    }
    String address = task.getTaskInfos()[task.partitionId()].address();
    ExecutorFacts facts =
        new ExecutorFacts(
            own,
            address.substring(0, address.lastIndexOf(':')),
            here.size(),
            addresses,
            Optional.ofNullable(System.getenv(CardGrant.VISIBLE_DEVICES)).stream().toList(),
            libtorch(),
            CudaDriver.ofThisHost());
    return JavaConverters.asScalaIterator(List.of(JavaBytes.of(facts)).iterator());
  }

  private LibtorchFacts libtorch() {
    try {
      natives.require();
    } catch (ConfigException e) {
      return LibtorchFacts.missing(e.getMessage());
    }
    return LibtorchFacts.ofThisProcess();
  }
}
