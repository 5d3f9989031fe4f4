package dev.anneal.core.tensor.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.file.Path;

/**
 * The CUDA runtime library. Thread-safe; which card is meant is a property of each thread, chosen
 * by {@link #use}. Streams, events and memory belong to whoever asked for them.
 */
public final class CudaRuntime {
  /** The library's name, as linked programs ask for it. */
  public static final String LIBRARY = "libcudart.so.12";

  /** The variable of the environment that names another file. */
  public static final String VARIABLE = "ANNEAL_CUDART_LIBRARY";

  private static final int SUCCESS = 0;
  private static final int NOT_READY = 600;
  private static final int NON_BLOCKING = 1;
  private static final int BY_ADDRESS = 4;

  private final SharedLibrary library;

  private CudaRuntime(SharedLibrary library) {
    this.library = library;
  }

  /** Loads the runtime as {@link SharedLibrary#find} finds it. */
  public static CudaRuntime find() {
    return new CudaRuntime(SharedLibrary.find(LIBRARY, VARIABLE));
  }

  /** Loads a file. */
  public static CudaRuntime at(Path file) {
    return new CudaRuntime(SharedLibrary.at(file));
  }

  /** The loaded file. */
  public String path() {
    return library.path();
  }

  /** How many cards this process sees; fails, with the reason, where there is no driver. */
  public int cards() {
    IntByReference count = new IntByReference();
    check("count the cards", library.call("cudaGetDeviceCount", count));
    return count.getValue();
  }

  /** Makes a card the one that this thread's calls mean, those of libtorch and NCCL too. */
  public void use(int ordinal) {
    check("use cuda:" + ordinal, library.call("cudaSetDevice", ordinal));
  }

  /** Bytes of the thread's card. */
  public CardMemory memory() {
    LongByReference free = new LongByReference();
    LongByReference total = new LongByReference();
    check("read the card's memory", library.call("cudaMemGetInfo", free, total));
    return new CardMemory(free.getValue(), total.getValue());
  }

  /**
   * Memory of one card.
   *
   * @param free bytes that nobody uses, other processes included
   * @param total bytes that the card has for programs
   */
  public record CardMemory(long free, long total) {}

  /** The stream that libtorch computes on unless it is told otherwise; closing it does nothing. */
  public CudaStream computeStream() {
    return new CudaStream(this, Pointer.NULL);
  }

  /** A new stream on the thread's card that waits for no other by itself. */
  public CudaStream openStream() {
    PointerByReference stream = new PointerByReference();
    check("open a stream", library.call("cudaStreamCreateWithFlags", stream, NON_BLOCKING));
    return new CudaStream(this, stream.getValue());
  }

  /** A new event on the thread's card, which knows when it came. */
  public CudaEvent openEvent() {
    PointerByReference event = new PointerByReference();
    check("open an event", library.call("cudaEventCreateWithFlags", event, 0));
    return new CudaEvent(this, event.getValue());
  }

  double secondsBetween(Pointer start, Pointer end) {
    FloatByReference millis = new FloatByReference();
    check("read a time", library.call("cudaEventElapsedTime", millis, start, end));
    return millis.getValue() / 1e3;
  }

  /** Memory of the thread's card. */
  public CudaMemory allocate(long bytes) {
    PointerByReference address = new PointerByReference();
    String what = "allocate " + bytes + " bytes of the card";
    check(what, library.call("cudaMalloc", address, bytes));
    return new CudaMemory(this, address.getValue(), bytes, CudaMemory.Kind.CARD);
  }

  /** Host memory that copies to and from a card need not stage. */
  public CudaMemory allocatePinned(long bytes) {
    PointerByReference address = new PointerByReference();
    String what = "allocate " + bytes + " bytes of pinned memory";
    check(what, library.call("cudaHostAlloc", address, bytes, 0));
    return new CudaMemory(this, address.getValue(), bytes, CudaMemory.Kind.PINNED);
  }

  /** Copies between any two places, in the order of a stream; returns at once where it can. */
  public void copy(long to, long from, long bytes, CudaStream stream) {
    check(
        "copy " + bytes + " bytes",
        library.call(
            "cudaMemcpyAsync",
            new Pointer(to),
            new Pointer(from),
            bytes,
            BY_ADDRESS,
            stream.pointer()));
  }

  boolean ready(String what, String query, Pointer handle) {
    int status = library.call(query, handle);
    if (status == NOT_READY) {
      return false;
    }
    check(what, status);
    return true;
  }

  void run(String what, String function, Object... arguments) {
    check(what, library.call(function, arguments));
  }

  private void check(String what, int status) {
    if (status != SUCCESS) {
      String reason = library.text("cudaGetErrorString", status);
      throw new CudaException(
          "Cannot " + what + ": " + reason + " (CUDA error " + status + ")", status);
    }
  }
}
