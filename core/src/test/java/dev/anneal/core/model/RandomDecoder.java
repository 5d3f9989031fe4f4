package dev.anneal.core.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.DecoderConfigParser;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.stream.LongStream;

/** Decoders of three layers with random weights. */
final class RandomDecoder {
  static final int VOCABULARY = 37;

  private RandomDecoder() {}

  record Sizes(int heads, int keyValueHeads, int headDim, int hidden, int inner) {}

  /** Random values by name; norms around 1. */
  static Tensor values(TensorRuntime runtime, String name, long[] shape) {
    CounterRandom random = CounterRandom.of(7, name);
    float[] values = new float[(int) count(shape)];
    float middle = name.endsWith("norm.weight") ? 1 : 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (middle + 0.2 * random.gaussian(i));
    }
    return runtime.floats(values, shape);
  }

  static long count(long[] shape) {
    return LongStream.of(shape).reduce(1, (a, b) -> a * b);
  }

  static DecoderConfig config(String family, boolean tied, Sizes sizes)
      throws JsonProcessingException {
    String json =
        """
        {"model_type": "%s", "vocab_size": %d, "hidden_size": %d, "intermediate_size": %d,
         "num_hidden_layers": 3, "num_attention_heads": %d, "num_key_value_heads": %d,
         "head_dim": %d,
         "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
         "hidden_act": "silu", "tie_word_embeddings": %s}
        """
            .formatted(
                family,
                VOCABULARY,
                sizes.hidden(),
                sizes.inner(),
                sizes.heads(),
                sizes.keyValueHeads(),
                sizes.headDim(),
                tied);
    return DecoderConfigParser.parse(new ObjectMapper().readTree(json), family);
  }
}
