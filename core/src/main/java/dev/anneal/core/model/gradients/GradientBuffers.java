package dev.anneal.core.model.gradients;

import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory in which gradients are summed, as one run of fp32 values: whole, for as long as the
 * model lives, or in buckets that come when they are first added to and go when they are reduced.
 * Programs hold handles, which stay the same while the memory behind them changes. A handle without
 * memory cannot be written to, and reads as NaN. Owns its memory and the handles; one thread.
 */
public final class GradientBuffers implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final TensorRuntime runtime;
  private final TensorProgram tensors;
  private final List<Bucket> buckets;
  private final boolean whole;
  private final Tensor nothing;
  private final Held[] held;
  private final List<List<Handle>> handles = new ArrayList<>();
  private long bytes;
  private long mostBytes;

  /**
   * A run of elements whose memory comes and goes at once.
   *
   * @param offset its first element
   */
  public record Bucket(long offset, long length) {
    boolean holds(long from, long count) {
      return offset <= from && from + count <= offset + length;
    }
  }

  /** The memory of a bucket, or of the part of it that is kept. */
  private record Held(Tensor memory, Bucket elements) {}

  private record Handle(Tensor tensor, long offset) {}

  private GradientBuffers(
      TensorRuntime runtime, TensorProgram tensors, List<Bucket> buckets, boolean whole) {
    this.runtime = runtime;
    this.tensors = tensors;
    this.buckets = List.copyOf(buckets);
    this.whole = whole;
    this.nothing = scope.own(runtime.floats(new float[] {Float.NaN}, 1));
    this.held = new Held[buckets.size()];
    buckets.forEach(bucket -> handles.add(new ArrayList<>()));
  }

  /** One buffer that stays. */
  public static GradientBuffers whole(TensorRuntime runtime, TensorProgram tensors, long length) {
    GradientBuffers buffers =
        new GradientBuffers(runtime, tensors, List.of(new Bucket(0, length)), true);
    buffers.allocate(0);
    return buffers;
  }

  /** Buckets, one after another; none has memory before it is opened. */
  public static GradientBuffers byBucket(
      TensorRuntime runtime, TensorProgram tensors, List<Bucket> buckets) {
    return new GradientBuffers(runtime, tensors, buckets, false);
  }

  /** Whether the memory comes and goes. */
  public boolean byBucket() {
    return !whole;
  }

  /** The whole buffer; borrowed. */
  public Tensor flat() {
    if (!whole) {
      throw new IllegalStateException("Cannot give one buffer: gradients lie in buckets");
    }
    return held[0].memory();
  }

  /** A handle of elements of one bucket; borrowed. */
  public Tensor handle(long offset, long... shape) {
    if (whole) {
      return scope.own(tensors.view(held[0].memory(), offset, shape));
    }
    Tensor tensor = scope.own(tensors.unbound(nothing, shape));
    handles.get(bucketOf(offset, tensor.elementCount())).add(new Handle(tensor, offset));
    return tensor;
  }

  /** The memory of elements that have some. */
  public FloatRegion region(long offset, long length) {
    Held there = held[bucketOf(offset, length)];
    if (there == null || !there.elements().holds(offset, length)) {
      throw new IllegalStateException(
          "Cannot reach gradients [" + offset + ", " + (offset + length) + "): not in memory");
    }
    return there.memory().region().slice(offset - there.elements().offset(), length);
  }

  /** Gives a bucket zeros, unless it has memory; one buffer has it all. */
  public void open(int bucket) {
    if (!whole && held[bucket] == null) {
      allocate(bucket);
      bind(bucket);
    }
  }

  /** Gives all buckets memory, as {@link #open}. */
  public void openAll() {
    for (int bucket = 0; bucket < held.length; bucket++) {
      open(bucket);
    }
  }

  private void allocate(int bucket) {
    hold(bucket, new Held(runtime.zeros(buckets.get(bucket).length()), buckets.get(bucket)));
  }

  /** Frees an open bucket but for a part, whose values stay. Of one buffer all stays. */
  public void keep(int bucket, long offset, long length) {
    if (whole) {
      return;
    }
    Held before = held[bucket];
    Tensor part = runtime.zeros(length);
    try (Tensor values =
        tensors.view(before.memory(), offset - before.elements().offset(), length)) {
      tensors.copy(part, values);
    }
    release(bucket);
    hold(bucket, new Held(part, new Bucket(offset, length)));
    bind(bucket);
  }

  /** Zeros everywhere: in one buffer; buckets lose their memory. */
  public void clear() {
    if (whole) {
      tensors.zero(held[0].memory());
      return;
    }
    for (int bucket = 0; bucket < held.length; bucket++) {
      release(bucket);
    }
  }

  /** Adds as many values as all elements together; all buckets must be open. */
  public void add(Tensor flat) {
    if (whole) {
      tensors.add(held[0].memory(), flat);
      return;
    }
    for (Held bucket : held) {
      try (Tensor values =
          tensors.view(flat, bucket.elements().offset(), bucket.elements().length())) {
        tensors.add(bucket.memory(), values);
      }
    }
  }

  /** Bytes of memory now. */
  public long bytes() {
    return bytes;
  }

  /** Most bytes of memory that there were at one time. */
  public long mostBytes() {
    return mostBytes;
  }

  private void hold(int bucket, Held memory) {
    held[bucket] = memory;
    bytes += Float.BYTES * memory.elements().length();
    mostBytes = Math.max(mostBytes, bytes);
  }

  private void release(int bucket) {
    Held before = held[bucket];
    if (before != null) {
      tensors.unbind(handles.get(bucket).stream().map(Handle::tensor).toList(), nothing);
      before.memory().close();
      bytes -= Float.BYTES * before.elements().length();
      held[bucket] = null;
    }
  }

  private void bind(int bucket) {
    Bucket elements = held[bucket].elements();
    List<Handle> inside =
        handles.get(bucket).stream()
            .filter(handle -> elements.holds(handle.offset(), handle.tensor().elementCount()))
            .toList();
    tensors.bind(
        inside.stream().map(Handle::tensor).toList(),
        held[bucket].memory(),
        inside.stream().mapToLong(handle -> handle.offset() - elements.offset()).toArray());
  }

  private int bucketOf(long offset, long length) {
    for (int bucket = 0; bucket < buckets.size(); bucket++) {
      if (buckets.get(bucket).holds(offset, length)) {
        return bucket;
      }
    }
    throw new IllegalArgumentException(
        "Invalid elements: [" + offset + ", " + (offset + length) + ") (must lie in one bucket)");
  }

  @Override
  public void close() {
    for (Held bucket : held) {
      if (bucket != null) {
        bucket.memory().close();
      }
    }
    scope.close();
  }
}
