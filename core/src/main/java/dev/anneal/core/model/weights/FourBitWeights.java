package dev.anneal.core.model.weights;

import dev.anneal.core.model.fourbit.DynamicMap;
import dev.anneal.core.model.fourbit.FourBitFormat;
import dev.anneal.core.model.fourbit.FourBitQuantizer;
import dev.anneal.core.model.fourbit.QuantizedAbsmax;
import dev.anneal.core.model.weights.FrozenWeight.Storage;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Weights whose linear matrices, where frozen, lie in 4 bits: QLoRA's base. They are quantised as
 * they are read, a run of values at a time; all other weights are those of the source beneath.
 * Borrows the source, the runtime and the program, owns the tables. One thread.
 *
 * <p>A frozen matrix NAME.weight is its codes, [bytes], and beside it
 *
 * <ul>
 *   <li>{@code .absmax}: fp32 [blocks], or with double quantisation uint8 [blocks, rounded up to
 *       256], and then {@code .absmax_scales} fp32 [blocks / 256] and {@code .absmax_offset} [1];
 *   <li>{@code .shape}: int64 [2];
 *   <li>{@code .pairs} and {@code .absmax_map}: what a byte of codes and one of absmax stand for.
 * </ul>
 */
public final class FourBitWeights implements WeightSource, AutoCloseable {
  private static final String ABSMAX = ".absmax";
  private static final String SCALES = ".absmax_scales";
  private static final String OFFSET = ".absmax_offset";
  private static final String MAP = ".absmax_map";
  private static final String SHAPE = ".shape";
  private static final String PAIRS = ".pairs";

  private final WeightSource source;
  private final FourBitFormat format;
  private final Set<String> matrices;
  private final TensorRuntime runtime;
  private final TensorProgram tensors;
  private final DynamicMap map = new DynamicMap();
  private final Tensor pairTable;
  private final Tensor mapTable;

  /**
   * @param layout whose linear modules are meant
   */
  public FourBitWeights(
      WeightSource source,
      FourBitFormat format,
      DecoderLayout layout,
      TensorRuntime runtime,
      TensorProgram tensors) {
    this.source = source;
    this.format = format;
    this.matrices =
        layout.sites().stream().map(LinearSite::weightName).collect(Collectors.toUnmodifiableSet());
    this.runtime = runtime;
    this.tensors = tensors;
    double[] pairs = format.type().pairs();
    this.pairTable = runtime.doubles(pairs, pairs.length);
    float[] values = map.values();
    this.mapTable = runtime.floats(values, values.length);
  }

  @Override
  public Tensor open(String name, long[] shape) {
    return source.open(name, shape);
  }

  @Override
  public void read(String name, long[] shape, ValueRuns runs) {
    source.read(name, shape, runs);
  }

  @Override
  public FrozenWeight openFrozen(String name, long[] shape) {
    return matrices.contains(name) ? quantized(name, shape) : source.openFrozen(name, shape);
  }

  @Override
  public Tensor openRounded(String name, long[] shape) {
    if (!matrices.contains(name)) {
      return source.openRounded(name, shape);
    }
    long elements = shape[0] * shape[1];
    ByteBuffer codes = ByteBuffer.allocate(Math.toIntExact(FourBitFormat.padded(elements) / 2));
    FourBitQuantizer quantizer = new FourBitQuantizer(name, format.type(), elements, codes);
    source.read(name, shape, quantizer::add);
    float[] absmax = quantizer.absmax();
    if (format.doubleQuantised()) {
      absmax = QuantizedAbsmax.of(absmax, map).values(map);
    }
    float[] values = new float[Math.toIntExact(elements)];
    for (int i = 0; i < values.length; i++) {
      int code = codes.get(i / 2) >> (i % 2 == 0 ? 4 : 0) & 15;
      values[i] = format.type().value(code) * absmax[i / FourBitFormat.BLOCK];
    }
    return runtime.floats(values, shape);
  }

  private FrozenWeight quantized(String name, long[] shape) {
    long elements = shape[0] * shape[1];
    Map<String, Tensor> parts = new LinkedHashMap<>();
    try (Bytes codes = new Bytes(FourBitFormat.padded(elements) / 2)) {
      FourBitQuantizer quantizer =
          new FourBitQuantizer(name, format.type(), elements, codes.buffer());
      source.read(name, shape, quantizer::add);
      float[] absmax = quantizer.absmax();
      if (format.doubleQuantised()) {
        addQuantised(absmax, parts);
      } else {
        parts.put(ABSMAX, runtime.floats(absmax, absmax.length));
      }
      parts.put(SHAPE, runtime.hostLongs(shape));
      parts.put(PAIRS, tensors.alias(pairTable));
      return new FrozenWeight(codes.tensor(), Storage.FOUR_BIT, parts);
    } catch (RuntimeException | Error e) {
      parts.values().forEach(Tensor::close);
      throw e;
    }
  }

  private void addQuantised(float[] absmax, Map<String, Tensor> parts) {
    QuantizedAbsmax quantised = QuantizedAbsmax.of(absmax, map);
    float[] scales = quantised.scales();
    try (Bytes codes = new Bytes((long) scales.length * FourBitFormat.ABSMAX_BLOCK)) {
      codes.buffer().put(quantised.codes());
      parts.put(ABSMAX, codes.tensor());
    }
    parts.put(SCALES, runtime.floats(scales, scales.length));
    parts.put(OFFSET, runtime.floats(new float[] {quantised.offset()}, 1));
    parts.put(MAP, tensors.alias(mapTable));
  }

  /** Of what it opened, only tables of its own. */
  @Override
  public void close() {
    pairTable.close();
    mapTable.close();
  }

  /** Zeroed native bytes, a multiple of 32. */
  private final class Bytes implements AutoCloseable {
    private final Tensor memory;
    private final long count;

    Bytes(long count) {
      this.count = count;
      this.memory = runtime.zeros(count / Float.BYTES);
    }

    ByteBuffer buffer() {
      return HostMemory.bytes(memory.region());
    }

    /** Over the same memory, which it keeps. */
    Tensor tensor() {
      return tensors.bytes(memory, count);
    }

    @Override
    public void close() {
      memory.close();
    }
  }
}
