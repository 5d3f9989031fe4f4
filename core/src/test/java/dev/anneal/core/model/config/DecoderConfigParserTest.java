package dev.anneal.core.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.ConfigException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecoderConfigParserTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void readsTheFormOfTransformers4() {
    DecoderConfig config =
        parse(
            "'model_type': 'llama', 'hidden_size': 48, 'num_attention_heads': 4, 'head_dim': 16,"
                + " 'num_key_value_heads': 2, 'vocab_size': 97, 'rope_theta': 500000.0,"
                + " 'rope_scaling': {'type': 'linear', 'factor': 2.0}, 'torch_dtype': 'bfloat16',"
                + " 'tie_word_embeddings': true, 'eos_token_id': [7, 8]");

    assertThat(config.family()).isEqualTo(new Llama());
    assertThat(config.headDim()).isEqualTo(16);
    assertThat(config.queryWidth()).isEqualTo(64);
    assertThat(config.keyValueWidth()).isEqualTo(32);
    assertThat(config.ropeTheta()).isEqualTo(500000);
    assertThat(config.ropeScaling()).isEqualTo(new RopeScaling.Linear(2));
    assertThat(config.storageType()).isEqualTo("bfloat16");
    assertThat(config.tieWordEmbeddings()).isTrue();
    assertThat(config.eosTokenIds()).containsExactly(7, 8);
    assertThat(config.bosTokenIds()).containsExactly(1);
  }

  @Test
  void readsTheFormOfTransformers5() {
    DecoderConfig config =
        parse(
            "'model_type': 'qwen3', 'dtype': 'float16', 'max_position_embeddings': 4096,"
                + " 'rope_parameters': {'rope_type': 'llama3', 'rope_theta': 1000000, 'factor': 8,"
                + " 'low_freq_factor': 1, 'high_freq_factor': 4}");

    assertThat(config.ropeTheta()).isEqualTo(1_000_000);
    assertThat(config.ropeScaling()).isEqualTo(new RopeScaling.Llama3(8, 1, 4, 4096));
    assertThat(config.storageType()).isEqualTo("float16");
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 32000, 4096, 11008, 32, 128, 2048",
    "qwen2, 151936, 4096, 22016, 32, 128, 32768",
    "qwen3, 151936, 4096, 22016, 32, 128, 32768"
  })
  void takesTheFamilysDefaultsForWhatIsAbsent(
      String family, int vocab, int hidden, int inner, int keyValueHeads, int head, int positions) {
    DecoderConfig config = parse("'model_type': '" + family + "'");

    assertThat(config.vocabSize()).isEqualTo(vocab);
    assertThat(config.hiddenSize()).isEqualTo(hidden);
    assertThat(config.intermediateSize()).isEqualTo(inner);
    assertThat(config.keyValueHeads()).isEqualTo(keyValueHeads);
    assertThat(config.headDim()).isEqualTo(head);
    assertThat(config.maxPositionEmbeddings()).isEqualTo(positions);
    assertThat(config.ropeTheta()).isEqualTo(10_000);
    assertThat(config.ropeScaling()).isEqualTo(new RopeScaling.None());
    assertThat(config.rmsNormEps()).isEqualTo(1e-6);
    assertThat(config.tieWordEmbeddings()).isFalse();
  }

  @Test
  void takesAsManyKeyValueHeadsAsHeadsForNull() {
    assertThat(parse("'model_type': 'mistral', 'sliding_window': null").keyValueHeads())
        .isEqualTo(8);
    assertThat(
            parse(
                    "'model_type': 'mistral', 'sliding_window': null, 'num_attention_heads': 16,"
                        + " 'num_key_value_heads': null")
                .keyValueHeads())
        .isEqualTo(16);
  }

  @Test
  void keepsEosEmptyForNull() {
    assertThat(parse("'model_type': 'llama', 'eos_token_id': null").eosTokenIds()).isEmpty();
    assertThat(parse("'model_type': 'qwen2'").eosTokenIds()).isEmpty();
  }

  @Test
  void ignoresWindowsThatNeverBite() {
    parse("'model_type': 'qwen2', 'use_sliding_window': false, 'sliding_window': 4096");
    parse("'model_type': 'qwen2', 'use_sliding_window': true, 'sliding_window': 32768");
    parse(
        "'model_type': 'qwen2', 'use_sliding_window': true, 'sliding_window': 1024,"
            + " 'num_hidden_layers': 28, 'max_window_layers': 28");
    parse("'model_type': 'qwen3', 'layer_types': ['full_attention', 'full_attention']");
    parse("'model_type': 'mistral', 'sliding_window': 4096, 'max_position_embeddings': 4096");
    parse("'model_type': 'llama', 'sliding_window': 16");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'model_type': 'gemma2'|Unsupported model_type: gemma2 (supported: llama, qwen2, qwen3,"
            + " mistral) in config.json",
        "'x': 1|Unsupported model_type: none",
        "'model_type': 'llama', 'rope_scaling': {'rope_type': 'yarn', 'factor': 4}|Unsupported"
            + " rope_type: yarn (supported: default, linear, llama3) in config.json",
        "'model_type': 'llama', 'rope_parameters': {'rope_type': 'dynamic'}|Unsupported rope_type:"
            + " dynamic",
        "'model_type': 'llama', 'rope_scaling': {'type': 'longrope'}|Unsupported rope_type:"
            + " longrope",
        "'model_type': 'llama', 'hidden_act': 'gelu'|Unsupported in config.json: hidden_act gelu"
            + " (supported: silu, swish) (model.path)",
        "'model_type': 'llama', 'attention_bias': true, 'mlp_bias': true|attention_bias true;"
            + " mlp_bias true",
        "'model_type': 'qwen3', 'attention_bias': true|attention_bias true",
        "'model_type': 'llama', 'attention_dropout': 0.1|attention_dropout 0.1",
        "'model_type': 'llama', 'quantization_config': {'quant_method': 'gptq'}|quantization_config"
            + " (gptq)",
        "'model_type': 'qwen2', 'use_sliding_window': true, 'max_window_layers':"
            + " 0|use_sliding_window true (sliding_window 4096)",
        "'model_type': 'qwen2', 'layer_types': ['sliding_attention']|layer_types other than"
            + " full_attention",
        "'model_type': 'mistral'|sliding_window 4096 (the default of mistral)",
        "'model_type': 'mistral', 'sliding_window': 512|sliding_window 512",
        "'model_type': 'llama', 'partial_rotary_factor': 0.5|partial_rotary_factor 0.5 (must be 1)",
        "'model_type': 'llama', 'rope_parameters': {'full_attention': {'rope_theta': 1}}"
            + "|rope_parameters by layer type",
        "'model_type': 'llama', 'rope_theta': 1, 'rope_parameters': {'rope_theta': 2}|Invalid"
            + " rope_theta: 1.0 (rope_parameters says 2.0) in config.json",
        "'model_type': 'llama', 'rope_scaling': {'rope_type': 'linear'}|factor is missing",
        "'model_type': 'llama', 'rope_scaling': 7|Invalid rope_scaling: 7 (must be an object or"
            + " null)",
        "'model_type': 'llama', 'hidden_size': '48'|Invalid hidden_size: \"48\" (must be an"
            + " integer) in config.json",
        "'model_type': 'llama', 'vocab_size': 0|Invalid vocab_size: 0 (must be > 0) in config.json",
        "'model_type': 'llama', 'num_attention_heads': 0|Invalid num_attention_heads: 0",
        "'model_type': 'llama', 'num_attention_heads': 6, 'num_key_value_heads': 4|Invalid"
            + " num_key_value_heads: 4 (must divide num_attention_heads 6)",
        "'model_type': 'llama', 'head_dim': 7|Invalid head_dim: 7 (must be even)",
        "'model_type': 'llama', 'rms_norm_eps': 'x'|Invalid rms_norm_eps: \"x\" (must be a number)",
        "'model_type': 'llama', 'tie_word_embeddings': 1|Invalid tie_word_embeddings: 1 (must be"
            + " true or false)",
        "'model_type': 'llama', 'eos_token_id': 'x'|Invalid eos_token_id: \"x\" (must be a token id"
            + " or a list of token ids)"
      },
      quoteCharacter = '`')
  void refusesByName(String fields, String message) {
    assertThatThrownBy(() -> parse(fields))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesWhatIsNoObject() {
    assertThatThrownBy(() -> DecoderConfigParser.parse(JSON.createArrayNode(), "config.json"))
        .hasMessage("Cannot read config.json: not a JSON object");
  }

  @Test
  void writesBothFormsAndKeepsWhatItDoesNotKnow() throws JsonProcessingException {
    ObjectNode original =
        object(
            "'model_type': 'qwen2', 'rope_parameters': {'rope_type': 'linear', 'factor': 2.0,"
                + " 'rope_theta': 1000000.0}, 'dtype': 'bfloat16', 'my_key': [1]");
    DecoderConfig config = DecoderConfigParser.parse(original, "config.json");

    byte[] written = ModelConfigJson.render(original, config);
    ObjectNode json = (ObjectNode) JSON.readTree(new String(written, StandardCharsets.UTF_8));

    assertThat(json.get("rope_theta").asDouble()).isEqualTo(1_000_000);
    assertThat(json.get("rope_scaling")).isEqualTo(object("'rope_type': 'linear', 'factor': 2.0"));
    assertThat(json.get("rope_parameters").get("rope_theta").asDouble()).isEqualTo(1_000_000);
    assertThat(json.get("torch_dtype").asText()).isEqualTo("bfloat16");
    assertThat(json.get("tie_word_embeddings").asBoolean()).isFalse();
    assertThat(json.get("architectures").get(0).asText()).isEqualTo("Qwen2ForCausalLM");
    assertThat(json.get("my_key").get(0).asInt()).isEqualTo(1);
    assertThat(DecoderConfigParser.parse(json, "config.json")).isEqualTo(config);
  }

  @Test
  void listsEveryPermittedFamily() {
    assertThat(DecoderFamily.ALL.stream().map(Object::getClass))
        .containsExactlyInAnyOrderElementsOf(
            List.of((Class<?>[]) DecoderFamily.class.getPermittedSubclasses()));
  }

  private static DecoderConfig parse(String fields) {
    return DecoderConfigParser.parse(object(fields), "config.json");
  }

  private static ObjectNode object(String fields) {
    try {
      return (ObjectNode) JSON.readTree("{" + fields.replace('\'', '"') + "}");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(fields, e);
    }
  }
}
