package dev.anneal.core.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The elements of a tensor that are not 0, as tensors of a file: NAME_indices, I32, ascending, and
 * NAME_values, F32, neither where all are 0; and NAME_shape, I64, of the whole tensor. Immutable
 * but for its arrays.
 *
 * @param shape of the whole tensor
 * @param indices of the elements, row by row
 */
public record SparseTensor(Shape shape, int[] indices, float[] values) {
  private static final String INDICES = "_indices";
  private static final String VALUES = "_values";
  private static final String SHAPE = "_shape";

  /**
   * @throws IllegalArgumentException for indices that do not ascend, or lie outside the shape
   */
  public SparseTensor {
    if (indices.length != values.length) {
      throw new IllegalArgumentException(
          "Invalid sparse tensor: " + values.length + " values of " + indices.length + " indices");
    }
    long before = -1;
    for (int index : indices) {
      if (index <= before || index >= shape.elements()) {
        throw new IllegalArgumentException(
            "Invalid index: "
                + index
                + " (must be above "
                + before
                + ", the one before, and below "
                + shape.elements()
                + ")");
      }
      before = index;
    }
  }

  /** The elements of a tensor that are not 0. */
  public static SparseTensor of(SavedTensor dense) {
    float[] all = dense.values();
    int count = 0;
    for (float value : all) {
      count += value != 0 ? 1 : 0;
    }
    int[] indices = new int[count];
    float[] values = new float[count];
    int at = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] != 0) {
        indices[at] = i;
        values[at++] = all[i];
      }
    }
    return new SparseTensor(dense.shape(), indices, values);
  }

  /** The names in a file of a tensor's elements, where it has any. */
  public static List<String> elementNames(String name) {
    return List.of(name + INDICES, name + VALUES);
  }

  /** The name in a file of a tensor's shape, which is always there. */
  public static String shapeName(String name) {
    return name + SHAPE;
  }

  /**
   * What a file holds of a tensor, which is asked for anew for its indices and its values, and once
   * for their length: not all of a file's tensors need to be there at once.
   */
  public static List<TensorSource> sources(String name, Supplier<SparseTensor> tensor) {
    SparseTensor now = tensor.get();
    TensorSource sizes = sizes(name, now.shape().dimensions());
    int count = now.indices.length;
    if (count == 0) {
      return List.of(sizes);
    }
    Shape length = Shape.of(count);
    return List.of(
        sizes,
        new TensorSource(
            name + INDICES,
            DType.I32,
            length,
            sink -> {
              ByteBuffer places = buffer(count);
              places.asIntBuffer().put(tensor.get().indices);
              sink.write(places);
            }),
        new TensorSource(
            name + VALUES,
            DType.F32,
            length,
            sink -> {
              ByteBuffer elements = buffer(count);
              elements.asFloatBuffer().put(tensor.get().values);
              sink.write(elements);
            }));
  }

  private static TensorSource sizes(String name, List<Long> dimensions) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES * dimensions.size()).order(ByteOrder.LITTLE_ENDIAN);
    dimensions.forEach(bytes::putLong);
    return TensorSource.of(name + SHAPE, DType.I64, Shape.of(dimensions.size()), bytes.flip());
  }

  private static ByteBuffer buffer(int count) {
    return ByteBuffer.allocate(Math.multiplyExact(Integer.BYTES, count))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads what {@link #sources} wrote.
   *
   * @throws FormatException that names the tensor which does not fit
   */
  public static SparseTensor read(SafetensorsReader reader, String name, Shape shape)
      throws IOException {
    requireShape(reader, name, shape);
    Optional<TensorInfo> indices = reader.find(name + INDICES);
    Optional<TensorInfo> values = reader.find(name + VALUES);
    if (indices.isEmpty() && values.isEmpty()) {
      return new SparseTensor(shape, new int[0], new float[0]);
    }
    require(indices, name + INDICES, DType.I32);
    require(values, name + VALUES, DType.F32);
    IntBuffer places = reader.map(name + INDICES).asIntBuffer();
    FloatBuffer elements = reader.map(name + VALUES).asFloatBuffer();
    int[] at = new int[places.remaining()];
    places.get(at);
    float[] found = new float[elements.remaining()];
    elements.get(found);
    try {
      return new SparseTensor(shape, at, found);
    } catch (IllegalArgumentException e) {
      throw new FormatException("Cannot read tensor " + name + ": " + e.getMessage());
    }
  }

  private static void requireShape(SafetensorsReader reader, String name, Shape shape)
      throws IOException {
    require(reader.find(name + SHAPE), name + SHAPE, DType.I64);
    LongBuffer sizes = reader.map(name + SHAPE).asLongBuffer();
    long[] found = new long[sizes.remaining()];
    sizes.get(found);
    if (!Shape.of(found).equals(shape)) {
      throw new FormatException(
          "Cannot read tensor "
              + name
              + ": of shape "
              + Shape.of(found)
              + " (expected "
              + shape
              + ")");
    }
  }

  private static void require(Optional<TensorInfo> info, String name, DType type)
      throws FormatException {
    if (info.isEmpty() || info.get().dtype() != type) {
      throw new FormatException(
          "Cannot read tensor "
              + name
              + ": "
              + info.map(found -> found.dtype().toString()).orElse("missing")
              + " (expected "
              + type
              + ")");
    }
  }

  /** All elements, row by row. */
  public float[] dense() {
    float[] all = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < indices.length; i++) {
      all[indices[i]] = values[i];
    }
    return all;
  }
}
