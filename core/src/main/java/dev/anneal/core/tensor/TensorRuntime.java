package dev.anneal.core.tensor;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * libtorch as one rank sees it: makes tensors, counts the open ones, prepares threads. One runtime
 * a rank; two ranks may share a JVM and then have two runtimes. Closing it frees what is still
 * open.
 */
public final class TensorRuntime implements AutoCloseable {
  private final Device device;
  private final PtNDManager manager;
  private final PtNDManager host;
  private final AtomicLong live = new AtomicLong();
  private final Function dataPointer;

  private TensorRuntime(Device device, PtNDManager manager, Function dataPointer) {
    this.device = device;
    this.manager = manager;
    this.host =
        device.kind() == Device.Kind.CPU ? manager : manager.newSubManager(ai.djl.Device.cpu());
    this.dataPointer = dataPointer;
  }

  /** Opens libtorch for a device: what this runtime makes lies there. */
  public static TensorRuntime open(Device device) {
    NativeEnvironment.prepare();
    PtNDManager manager = (PtNDManager) NDManager.newBaseManager(engineDevice(device), "PyTorch");
    Function pointer =
        NativeLibrary.getInstance(NativeEnvironment.libtorchPath())
            .getFunction("aoti_torch_get_data_ptr");
    return new TensorRuntime(device, manager, pointer);
  }

  private static ai.djl.Device engineDevice(Device device) {
    if (device.kind() == Device.Kind.CPU) {
      return ai.djl.Device.cpu();
    }
    int cards = Engine.getEngine("PyTorch").getGpuCount();
    if (device.ordinal() >= cards) {
      throw new IllegalStateException(
          "Cannot open "
              + device
              + ": libtorch "
              + libtorchVersion()
              + " sees "
              + cards
              + " cards");
    }
    return ai.djl.Device.gpu(device.ordinal());
  }

  public Device device() {
    return device;
  }

  /**
   * Prepares the calling thread for programs: how many threads libtorch may use for it, and no
   * profiling executor (it may run another program in its first calls, so that a resumed process
   * would not repeat bit for bit).
   */
  public void prepareThread(int threads) {
    if (threads <= 0) {
      throw new IllegalArgumentException(
          "Invalid distributed.threads_per_rank: " + threads + " (must be > 0)");
    }
    JniUtils.setNumThreads(threads);
    JniUtils.setGraphExecutorOptimize(false);
    JniUtils.setGradMode(true);
  }

  /** Runs work on this thread without recording autograd graphs; calls may nest. */
  public <T> T withoutGradients(Supplier<T> work) {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(false);
    try {
      return work.get();
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  /** fp32 zeros. */
  public Tensor zeros(long... shape) {
    return wrap((PtNDArray) manager.zeros(new Shape(shape), DataType.FLOAT32));
  }

  /** A copy of fp32 values, row-major. */
  public Tensor floats(float[] values, long... shape) {
    return wrap((PtNDArray) manager.create(values, new Shape(shape)));
  }

  /** A copy of fp64 values, row-major. */
  public Tensor doubles(double[] values, long... shape) {
    return wrap((PtNDArray) manager.create(values, new Shape(shape)));
  }

  /** A copy of int64 values, row-major. */
  public Tensor longs(long[] values, long... shape) {
    return wrap((PtNDArray) manager.create(values, new Shape(shape)));
  }

  /**
   * Numbers [n] that programs read one by one, on the host whatever the device: nobody has to wait
   * for a card to know them.
   */
  public Tensor hostLongs(long... values) {
    return wrap((PtNDArray) host.create(values, new Shape(values.length)));
  }

  /** The same of fp64 numbers. */
  public Tensor hostDoubles(double... values) {
    return wrap((PtNDArray) host.create(values, new Shape(values.length)));
  }

  /**
   * A tensor over the caller's direct buffer, without a copy, so on the host. The buffer (and a
   * mapping behind it) must stay reachable while the tensor or a view of it is used.
   */
  public Tensor borrowFloats(ByteBuffer direct, long... shape) {
    return borrow(direct, DataType.FLOAT32, shape);
  }

  /** As {@link #borrowFloats}, of int64 values. */
  public Tensor borrowLongs(ByteBuffer direct, long... shape) {
    return borrow(direct, DataType.INT64, shape);
  }

  /** Raw bytes over the caller's direct buffer; a program gives them their dtype. */
  public Tensor borrowBytes(ByteBuffer direct) {
    return borrow(direct, DataType.UINT8, direct.remaining());
  }

  private Tensor borrow(ByteBuffer direct, DataType type, long... shape) {
    if (!direct.isDirect()) {
      throw new IllegalArgumentException("Invalid buffer: not direct");
    }
    ByteBuffer view = direct.slice().order(ByteOrder.nativeOrder());
    PtNDArray array =
        JniUtils.createNdFromByteBuffer(
            manager,
            view,
            new Shape(shape),
            type,
            ai.djl.ndarray.types.SparseFormat.DENSE,
            ai.djl.Device.cpu());
    return wrap(array);
  }

  /** Takes ownership of an engine array; for {@code core.script} alone. */
  public Tensor wrap(PtNDArray array) {
    return new Tensor(this, array);
  }

  /** The engine's manager; for {@code core.script} alone. */
  public PtNDManager manager() {
    return manager;
  }

  /** Tensors opened by this runtime and not closed yet. */
  public long liveTensors() {
    return live.get();
  }

  /** libtorch's version. */
  public static String libtorchVersion() {
    return Engine.getEngine("PyTorch").getVersion();
  }

  long address(PtNDArray array) {
    PointerByReference result = new PointerByReference();
    int error = dataPointer.invokeInt(new Object[] {new Pointer(array.getHandle()), result});
    if (error != 0) {
      throw new IllegalStateException("Cannot read a tensor's data pointer: error " + error);
    }
    return Pointer.nativeValue(result.getValue());
  }

  void opened() {
    live.incrementAndGet();
  }

  void closed() {
    live.decrementAndGet();
  }

  @Override
  public void close() {
    manager.close();
  }
}
