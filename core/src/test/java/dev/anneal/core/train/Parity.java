package dev.anneal.core.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.Methods;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Values recorded from transformers and PEFT; interop/fixtures made them. */
final class Parity {
  static final List<String> CASES =
      List.of("llama", "llama3-rope", "qwen2", "qwen3", "mistral-linear");
  private static final Path ROOT = Path.of("src/test/resources/parity");

  private Parity() {}

  static Path folder(String name) {
    return ROOT.resolve(name);
  }

  static JsonNode json(String file) throws IOException {
    return new ObjectMapper().readTree(ROOT.resolve(file).toFile());
  }

  static SafetensorsReader expected(String name) throws IOException {
    return SafetensorsReader.openFile(folder(name).resolve("expected.safetensors"));
  }

  static float[] floats(SafetensorsReader reader, String name) throws IOException {
    ByteBuffer bytes = reader.map(name).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  static List<TokenRow> rows(JsonNode rows) {
    List<TokenRow> result = new ArrayList<>();
    for (JsonNode row : rows) {
      int[] ids = ints(row.get("input_ids"));
      int[] lengths =
          row.has("seq_lengths") ? ints(row.get("seq_lengths")) : new int[] {ids.length};
      result.add(new TokenRow(ids, ints(row.get("labels")), lengths));
    }
    return result;
  }

  static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  static TrainedModel.Assembly full(String name, LayerStorage storage) {
    return assembly(name, Optional.empty(), Optional.empty(), storage);
  }

  static TrainedModel.Assembly lora(String name, LayerStorage storage) {
    return assembly(
        name,
        Optional.of(lora()),
        Optional.of(AdapterFolder.open(folder(name).resolve("adapter"))),
        storage);
  }

  static AdapterMethod lora() {
    return Methods.lora("r=4", "lora_alpha=8");
  }

  static TrainedModel.Assembly assembly(
      String name,
      Optional<AdapterMethod> method,
      Optional<AdapterFolder> adapter,
      LayerStorage storage) {
    return new TrainedModel.Assembly(
        ModelFolder.open(folder(name)),
        TrainedModel.BaseWeights.PRETRAINED,
        method,
        adapter,
        42,
        true,
        storage);
  }
}
