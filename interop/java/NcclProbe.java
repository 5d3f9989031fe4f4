package dev.anneal.core.collective.nccl;

import com.sun.jna.Pointer;
import dev.anneal.core.tensor.cuda.CudaRuntime;

/** What our bindings read of a published NCCL, and how joining ends on a host without a card. */
public final class NcclProbe {
  private static final int PAUSE_MILLIS = 5;

  private NcclProbe() {}

  /** Takes the libraries as the product finds them. */
  public static void main(String[] arguments) throws InterruptedException {
    NcclLibrary nccl = NcclLibrary.find();
    System.out.println("path: " + nccl.path());
    System.out.println("version: " + nccl.version());
    byte[] id = nccl.uniqueId();
    int filled = 0;
    for (byte value : id) {
      filled += value == 0 ? 0 : 1;
    }
    System.out.println("unique id: " + id.length + " bytes, not 0: " + filled);
    try {
      System.out.println("cards: " + CudaRuntime.find().cards());
    } catch (RuntimeException e) {
      System.out.println("runtime: " + e.getMessage());
    }
    try {
      Pointer communicator = nccl.startJoining(id, 0, 1);
      while (!nccl.ready(communicator)) {
        Thread.sleep(PAUSE_MILLIS);
      }
      System.out.println("joined: yes");
    } catch (NcclException e) {
      System.out.println("joining: " + e.getMessage());
    }
  }
}
