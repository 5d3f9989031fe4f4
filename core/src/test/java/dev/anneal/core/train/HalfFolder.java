package dev.anneal.core.train;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.LocalFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Writes a recorded model again with weights of other types. */
final class HalfFolder {
  private HalfFolder() {}

  /** Each weight in the type its name asks for; 16-bit ones lose their last bits. */
  static Path write(Path target, String model, Function<String, DType> types) throws IOException {
    Files.createDirectories(target);
    Path source = Parity.folder(model);
    Files.copy(source.resolve("config.json"), target.resolve("config.json"));
    List<TensorSource> tensors = new ArrayList<>();
    try (SafetensorsReader reader = SafetensorsReader.openFolder(source)) {
      for (Map.Entry<String, TensorInfo> entry : new TreeMap<>(reader.tensors()).entrySet()) {
        String name = entry.getKey();
        DType type = types.apply(name);
        ByteBuffer bytes = convert(Parity.floats(reader, name), type);
        tensors.add(TensorSource.of(name, type, entry.getValue().shape(), bytes));
      }
      new SafetensorsWriter(new LocalFileStore())
          .write(target.resolve("model.safetensors").toString(), tensors, Map.of("format", "pt"));
    }
    return target;
  }

  private static ByteBuffer convert(float[] values, DType type) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (type) {
        case F32 -> bytes.putFloat(value);
        case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        case F16 -> bytes.putShort(half(value));
        default -> throw new IllegalArgumentException("Unsupported type: " + type);
      }
    }
    return bytes.flip();
  }

  /** Rounds towards zero; too small becomes zero, too large is not expected. */
  private static short half(float value) {
    int bits = Float.floatToRawIntBits(value);
    int exponent = (bits >>> 23 & 0xff) - 112;
    int sign = bits >>> 16 & 0x8000;
    return (short) (exponent <= 0 ? sign : sign | exponent << 10 | bits >>> 13 & 0x3ff);
  }
}
