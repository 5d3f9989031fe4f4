package dev.anneal.core.collective.nccl;

import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.cuda.CudaMemory;
import dev.anneal.core.tensor.cuda.CudaRuntime;
import dev.anneal.core.tensor.cuda.CudaStream;
import java.util.Arrays;

/**
 * The first operation of a group: one from each rank, in every place. It proves the way before a
 * run leans on it, and has NCCL connect the ranks, so that later operations are only enqueued.
 */
final class FirstSum {
  private final NcclCard card;
  private final NcclQueue queue;

  FirstSum(NcclCard card, NcclQueue queue) {
    this.card = card;
    this.queue = queue;
  }

  /** Chunks of one value, and one that does not divide: both ways of an all-reduce. */
  static int length(int worldSize) {
    return worldSize + 1;
  }

  void run(int worldSize) {
    CudaRuntime cuda = card.cuda();
    CudaStream compute = cuda.computeStream();
    int length = length(worldSize);
    long bytes = (long) length * Float.BYTES;
    float[] ones = new float[length];
    Arrays.fill(ones, 1);
    try (CudaMemory host = cuda.allocatePinned(bytes);
        CudaMemory device = cuda.allocate(bytes)) {
      FloatRegion values = new FloatRegion(host.address(), length);
      HostMemory.put(ones, values);
      cuda.copy(device.address(), host.address(), bytes, compute);
      DeviceRegion region = new DeviceRegion(device.address(), length, NcclType.FLOAT32);
      try (NcclWork work = queue.enqueue(compute, DeviceOperation.allReduceSum(region))) {
        work.await();
      }
      cuda.copy(host.address(), device.address(), bytes, compute);
      compute.synchronize();
      for (float sum : HostMemory.floats(values)) {
        if (sum != worldSize) {
          throw new NcclException("NCCL summed " + worldSize + " ones to " + sum);
        }
      }
    }
  }
}
