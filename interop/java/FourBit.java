import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.model.fourbit.DynamicMap;
import dev.anneal.core.model.fourbit.FourBitFormat;
import dev.anneal.core.model.fourbit.FourBitQuantizer;
import dev.anneal.core.model.fourbit.FourBitType;
import dev.anneal.core.model.fourbit.QuantizedAbsmax;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The product's codes and scales of every matrix of a safetensors file: {@code java -cp CLASSES
 * FourBit.java nf4|fp4 FILE FOLDER}. Writes FOLDER/NAME.bin: codes, absmax (fp32), their codes in 8
 * bits, the scales of those (fp32) and the offset (fp32), one after the other.
 */
final class FourBit {
  private FourBit() {}

  public static void main(String[] arguments) throws IOException {
    FourBitType type = FourBitType.valueOf(arguments[0].toUpperCase());
    Path file = Path.of(arguments[1]);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        SafetensorsReader headers = SafetensorsReader.openFile(file);
        SafetensorsWeights weights =
            new SafetensorsWeights(runtime, SafetensorsReader.openFile(file))) {
      for (TensorInfo matrix : headers.tensors().values()) {
        byte[] bytes = quantised(type, weights, matrix);
        Files.write(Path.of(arguments[2], matrix.name() + ".bin"), bytes);
      }
    }
  }

  private static byte[] quantised(FourBitType type, SafetensorsWeights weights, TensorInfo matrix) {
    long elements = matrix.shape().elements();
    ByteBuffer codes = ByteBuffer.allocate((int) FourBitFormat.padded(elements) / 2);
    FourBitQuantizer quantizer = new FourBitQuantizer(matrix.name(), type, elements, codes);
    weights.read(matrix.name(), matrix.shape().toArray(), quantizer::add);
    float[] absmax = quantizer.absmax();
    QuantizedAbsmax quantised = QuantizedAbsmax.of(absmax, new DynamicMap());
    int packed = (int) (elements + 1) / 2;
    int floats = absmax.length + quantised.scales().length + 1;
    ByteBuffer out =
        ByteBuffer.allocate(packed + absmax.length + Float.BYTES * floats)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.put(codes.array(), 0, packed);
    put(out, absmax);
    out.put(quantised.codes());
    put(out, quantised.scales());
    put(out, quantised.offset());
    return out.array();
  }

  private static void put(ByteBuffer out, float... values) {
    for (float value : values) {
      out.putFloat(value);
    }
  }
}
