package dev.anneal.core.train;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.fourbit.DynamicMap;
import dev.anneal.core.model.fourbit.FourBitFormat;
import dev.anneal.core.model.fourbit.FourBitQuantizer;
import dev.anneal.core.model.fourbit.QuantizedAbsmax;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes a recorded model again with its linear matrices rounded to 4 bits, in fp32. */
final class DequantisedFolder {
  private DequantisedFolder() {}

  static Path write(Path target, String model, FourBitFormat format) throws IOException {
    Files.createDirectories(target);
    Path source = Parity.folder(model);
    Files.copy(source.resolve("config.json"), target.resolve("config.json"));
    List<TensorSource> tensors = new ArrayList<>();
    try (SafetensorsReader reader = SafetensorsReader.openFolder(source)) {
      for (Map.Entry<String, TensorInfo> entry : new TreeMap<>(reader.tensors()).entrySet()) {
        String name = entry.getKey();
        float[] values = Parity.floats(reader, name);
        if (name.endsWith("_proj.weight")) {
          round(values, format);
        }
        ByteBuffer bytes =
            ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        tensors.add(TensorSource.of(name, DType.F32, entry.getValue().shape(), bytes));
      }
      new SafetensorsWriter(new LocalFileStore())
          .write(target.resolve("model.safetensors").toString(), tensors, Map.of("format", "pt"));
    }
    return target;
  }

  private static void round(float[] values, FourBitFormat format) {
    ByteBuffer codes = ByteBuffer.allocate((int) FourBitFormat.padded(values.length) / 2);
    FourBitQuantizer quantizer = new FourBitQuantizer("test", format.type(), values.length, codes);
    quantizer.add(values, values.length);
    float[] absmax = quantizer.absmax();
    if (format.doubleQuantised()) {
      absmax = rounded(absmax);
    }
    for (int i = 0; i < values.length; i++) {
      int code = codes.get(i / 2) >> (i % 2 == 0 ? 4 : 0) & 15;
      values[i] = format.type().value(code) * absmax[i / FourBitFormat.BLOCK];
    }
  }

  private static float[] rounded(float[] absmax) {
    DynamicMap map = new DynamicMap();
    float[] values = map.values();
    QuantizedAbsmax quantised = QuantizedAbsmax.of(absmax, map);
    float[] rounded = new float[absmax.length];
    for (int i = 0; i < rounded.length; i++) {
      float share = values[Byte.toUnsignedInt(quantised.codes()[i])];
      rounded[i] = share * quantised.scales()[i / FourBitFormat.ABSMAX_BLOCK] + quantised.offset();
    }
    return rounded;
  }
}
