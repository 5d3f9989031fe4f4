package dev.anneal.core.train;

import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;

/** Model folders of real sizes that take no room on the disk. */
final class ZeroFolder {
  private ZeroFolder() {}

  /** Qwen2.5-0.5B's layers with a small vocabulary, in bf16; of that size, but all zero. */
  static ModelFolder qwen(Path folder, int layers) throws IOException {
    Path model = Files.createDirectory(folder);
    Files.writeString(
        model.resolve("config.json"),
        """
        {"model_type": "qwen2", "vocab_size": 64, "hidden_size": 896, "intermediate_size": 4864,
         "num_hidden_layers": %d, "num_attention_heads": 14, "num_key_value_heads": 2,
         "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
         "hidden_act": "silu", "tie_word_embeddings": true}
        """
            .formatted(layers));
    StringJoiner header = new StringJoiner(",", "{", "}");
    long end = 0;
    for (var weight : new DecoderLayout(ModelFolder.open(model).config()).weights().entrySet()) {
      long begin = end;
      end += Short.BYTES * weight.getValue().elements();
      header.add(
          "\"%s\":{\"dtype\":\"BF16\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(weight.getKey(), weight.getValue(), begin, end));
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile file =
        new RandomAccessFile(model.resolve("model.safetensors").toFile(), "rw")) {
      file.write(
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(text.length)
              .array());
      file.write(text);
      file.setLength(Long.BYTES + text.length + end);
    }
    return ModelFolder.open(model);
  }
}
