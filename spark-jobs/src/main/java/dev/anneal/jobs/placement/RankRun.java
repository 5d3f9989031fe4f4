package dev.anneal.jobs.placement;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.GroupFailure;
import dev.anneal.core.collective.tcp.TcpCollective;
import dev.anneal.core.collective.tcp.TcpEndpoint;
import dev.anneal.core.collective.tcp.TcpTimeouts;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.net.GroupIdentity;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.failure.Failure;
import java.io.PrintWriter;
import java.io.Serializable;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskKilledException;

/** One rank's life in its barrier task: meets the others, works, tells how it ended. */
final class RankRun<T extends Serializable> {
  private final BarrierTaskContext task;
  private final DistributedConfig config;
  private final DevicePlan devices;
  private final GroupIdentity identity;
  private final int rank;

  /**
   * @param first the run, and the attempt that Spark's count begins with
   */
  RankRun(
      BarrierTaskContext task, DistributedConfig config, DevicePlan devices, GroupIdentity first) {
    this.task = task;
    this.devices = devices;
    this.config = config;
    this.identity = first.withAttempt(first.attempt() + task.stageAttemptNumber());
    this.rank = task.partitionId();
  }

  RankOutcome<T> run(RankTask<T> work, NativeFolder natives) {
    String host = host();
    try (Rendezvous rendezvous = meet(host, natives)) {
      List<String> problems = rendezvous.problems(devices);
      if (!problems.isEmpty()) {
        return failed(host, ExitCode.CONFIG, String.join("\n", problems), false, "");
      }
      RankSeat seat = RankHello.seat(rendezvous.hellos(), rank, devices);
      try (Collective collective = join(rendezvous)) {
        return work(
            work,
            new RankContext(seat, identity, collective, config.threads(seat.localWorldSize())));
      }
    }
  }

  /** The listening socket is held from here until the peers have joined. */
  private Rendezvous meet(String host, NativeFolder natives) {
    List<String> problem = new ArrayList<>();
    List<TcpEndpoint> endpoint = new ArrayList<>();
    try {
      natives.require();
      endpoint.add(TcpEndpoint.listen(host, config.port().first(), config.port().last()));
    } catch (ConfigException e) {
      problem.add(e.getMessage());
    }
    // A rank that cannot take part greets all the same: the others would wait for it for ever.
    RankHello hello =
        new RankHello(
            host,
            endpoint.isEmpty() ? "" : endpoint.get(0).address(),
            String.valueOf(RankRun.class.getPackage().getImplementationVersion()),
            cards(),
            String.join("\n", problem));
    List<RankHello> hellos = new ArrayList<>();
    for (String json : task.allGather(hello.toJson())) {
      hellos.add(RankHello.parse(json));
    }
    return new Rendezvous(endpoint, hellos);
  }

  private Collective join(Rendezvous rendezvous) {
    return TcpCollective.join(
        rendezvous.endpoint(),
        rendezvous.addresses(),
        rank,
        identity,
        new TcpTimeouts(config.joinTimeout(), config.operationTimeout()));
  }

  private RankOutcome<T> work(RankTask<T> work, RankContext context) {
    Collective collective = context.collective();
    try (StopWatcher watcher = StopWatcher.start(task, collective, rank)) {
      T value = work.run(context);
      // Nobody leaves before all have: a rank that is gone looks like one that was lost.
      collective.barrier();
      return new RankOutcome.Done<>(rank, value);
    } catch (CollectiveException e) {
      return afterPeerFailure(context.host(), e);
    } catch (TaskKilledException e) {
      throw e;
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      if (task.isInterrupted()) {
        throw new TaskKilledException();
      }
      Failure failure = Failure.of(e);
      collective.abort(GroupFailure.last(failure.message()));
      return failed(context.host(), failure.code(), failure.message(), false, trace(e));
    }
  }

  /** A lost peer makes Spark start the stage again; a peer that gave up does not. */
  private RankOutcome<T> afterPeerFailure(String host, CollectiveException e) {
    if (e.failure().isFinal()) {
      return failed(host, ExitCode.INFRASTRUCTURE, e.failure().reason(), true, "");
    }
    throw e;
  }

  private RankOutcome<T> failed(
      String host, ExitCode code, String message, boolean consequence, String trace) {
    return new RankOutcome.Failed<>(rank, host, code, message, consequence, trace);
  }

  private CardGrant cards() {
    List<String> addresses =
        switch (devices.source()) {
          case CPU -> List.of();
          case SPARK -> DevicePlan.addresses(task);
          case RANK -> List.of(String.valueOf(rank));
        };
    return new CardGrant(
        SparkEnv.get().executorId(),
        addresses,
        CardGrant.visible(System.getenv(CardGrant.VISIBLE_DEVICES)));
  }

  /** The executor's host as Spark knows it: the one name that all executors can reach. */
  private String host() {
    String address = task.getTaskInfos()[rank].address();
    String host = address.substring(0, address.lastIndexOf(':'));
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static String trace(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
