package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.fourbit.FourBitCases;
import dev.anneal.core.model.fourbit.FourBitFormat;
import dev.anneal.core.model.fourbit.FourBitType;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.FourBitWeights;
import dev.anneal.core.model.weights.FrozenWeight;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.script.Program;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** From a file's bytes to the fp32 matrix that a program computes with. */
class FourBitWeightsTest {
  private static final String NAME = "model.layers.0.mlp.up_proj.weight";
  private static final DecoderConfig CONFIG =
      ModelFolder.open(Path.of("src/test/resources/parity/llama")).config();

  @TempDir Path folder;

  static List<FourBitCases.Case> cases() throws IOException {
    return FourBitCases.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void programsReadTheValuesOfBitsandbytes(FourBitCases.Case recorded) throws IOException {
    Path file = write(recorded);
    recorded.require("values", values(file, recorded, false));
    recorded.require("double_values", values(file, recorded, true));
  }

  private Path write(FourBitCases.Case recorded) throws IOException {
    float[] values = recorded.values();
    DType type = recorded.dtype();
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (type) {
        case F32 -> bytes.putFloat(value);
        case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        default -> bytes.putShort(fp16(value));
      }
    }
    Path file = folder.resolve("model.safetensors");
    TensorSource tensor = TensorSource.of(NAME, type, Shape.of(recorded.shape()), bytes.flip());
    new SafetensorsWriter(new LocalFileStore())
        .write(file.toString(), List.of(tensor), Map.of("format", "pt"));
    return file;
  }

  /** Of an integer times 2^-14 with at most 10 bits. */
  private static short fp16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    return (short) (value == 0 ? sign : sign | (bits & 0x7fffffff) - (112 << 23) >>> 13);
  }

  private static float[] values(Path file, FourBitCases.Case recorded, boolean doubleQuantised)
      throws IOException {
    FourBitFormat format = new FourBitFormat(recorded.type(), doubleQuantised);
    float[] values;
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TensorProgram tensors = TensorProgram.open(runtime);
          Program program =
              new Computation(CONFIG, MatrixProducts.ofThisHost(), LinearHook.none())
                  .compile(runtime);
          SafetensorsWeights stored =
              new SafetensorsWeights(runtime, SafetensorsReader.openFile(file));
          FourBitWeights weights =
              new FourBitWeights(stored, format, new DecoderLayout(CONFIG), runtime, tensors)) {
        FrozenWeight weight = weights.openFrozen(NAME, recorded.shape());
        assertThat(bytes(weight))
            .isEqualTo(format.bytes(recorded.shape()[0] * recorded.shape()[1]));
        values = dequantized(runtime, program, weight);
        try (Tensor rounded = weights.openRounded(NAME, recorded.shape())) {
          assertThat(rounded.toFloats()).isEqualTo(values);
        }
        weight.tensor().close();
        weight.parts().values().forEach(Tensor::close);
      }
      assertThat(runtime.liveTensors()).isZero();
    }
    return values;
  }

  private static long bytes(FrozenWeight weight) {
    long bytes = weight.tensor().toBytes().remaining();
    for (String part : List.of(".absmax", ".absmax_scales", ".absmax_offset")) {
      if (weight.parts().containsKey(part)) {
        bytes += weight.parts().get(part).toBytes().remaining();
      }
    }
    return bytes;
  }

  private static float[] dequantized(TensorRuntime runtime, Program program, FrozenWeight weight) {
    long codes = weight.tensor().elementCount();
    try (SharedScratch scratch = new SharedScratch(runtime, 2 * codes, codes)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>(scratch.tensors());
      tensors.put("weight", weight.tensor());
      weight.parts().forEach((part, tensor) -> tensors.put("weight" + part, tensor));
      try (Tensor values = program.call("dequantized").dict(tensors).one()) {
        return values.toFloats();
      }
    }
  }

  @Test
  void onlyLinearMatricesAreQuantised() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        TensorProgram tensors = TensorProgram.open(runtime);
        SafetensorsWeights stored =
            SafetensorsWeights.asStored(
                runtime,
                ModelFolder.open(Path.of("src/test/resources/parity/llama")).openWeights(),
                tensors);
        FourBitWeights weights =
            new FourBitWeights(
                stored,
                new FourBitFormat(FourBitType.NF4, true),
                new DecoderLayout(CONFIG),
                runtime,
                tensors)) {
      new DecoderLayout(CONFIG)
          .weights()
          .forEach(
              (name, shape) -> {
                FrozenWeight weight = weights.openFrozen(name, shape.toArray());
                boolean linear = name.endsWith("_proj.weight");
                assertThat(weight.storage() == FrozenWeight.Storage.FOUR_BIT)
                    .as(name)
                    .isEqualTo(linear);
                weight.tensor().close();
                weight.parts().values().forEach(Tensor::close);
                try (Tensor whole = weights.open(name, shape.toArray())) {
                  assertThat(whole.elementCount()).isEqualTo(shape.elements());
                }
              });
    }
  }
}
