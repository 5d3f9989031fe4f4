package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.NativeFloats;
import dev.anneal.core.tensor.FloatRegion;
import java.util.List;
import java.util.function.BiConsumer;

/** Prints how fast two ranks on the loopback device move a region; run by hand. */
final class Throughput {
  private Throughput() {}

  public static void main(String[] arguments) throws Exception {
    int floats = Integer.parseInt(arguments[0]) * (1_000_000 / Float.BYTES);
    List<Collective> group = LoopbackGroup.join(LoopbackGroup.endpoints(2), LoopbackGroup.PATIENT);
    time("allReduceSum", group, floats, Collective::allReduceSum);
    time("reduceScatterSum", group, floats, Collective::reduceScatterSum);
    time("allGather", group, floats, Collective::allGather);
    time("broadcast", group, floats, (member, region) -> member.broadcast(region, 0));
    time("barrier", group, 2, (member, region) -> member.barrier());
    group.forEach(Collective::close);
  }

  private static void time(
      String name,
      List<Collective> group,
      int floats,
      BiConsumer<Collective, FloatRegion> operation)
      throws InterruptedException {
    int rounds = 20;
    long best = Long.MAX_VALUE;
    NativeFloats other = new NativeFloats(floats);
    NativeFloats mine = new NativeFloats(floats);
    Thread peer =
        new Thread(
            () -> {
              for (int i = 0; i < rounds; i++) {
                operation.accept(group.get(1), other.region());
              }
            });
    peer.start();
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      operation.accept(group.get(0), mine.region());
      best = Math.min(best, System.nanoTime() - start);
    }
    peer.join();
    System.out.printf(
        "%s of %,d bytes: %.2f ms, %.2f GB/s%n",
        name, 4L * floats, best / 1e6, 4.0 * floats / best);
  }
}
