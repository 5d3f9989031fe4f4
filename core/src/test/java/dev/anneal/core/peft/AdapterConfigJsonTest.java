package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.peft.modules.LoraSettings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterConfigJsonTest {
  private static final String MINIMAL =
      "'peft_type': 'LORA', 'r': 4, 'lora_alpha': 8, 'target_modules': ['q_proj']";

  @Test
  void writesAsPeftDoes() {
    Map<String, Object> method = new TreeMap<>();
    method.put("target_modules", List.of("q_proj", "v_proj"));
    method.put("r", 8);
    method.put("rank_pattern", Map.of());
    method.put("modules_to_save", null);
    method.put("lora_dropout", 0.05);

    assertThat(
            new String(AdapterConfigJson.render("LORA", "模型/base", method), StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {
              "auto_mapping": null,
              "base_model_name_or_path": "模型/base",
              "inference_mode": true,
              "lora_dropout": 0.05,
              "modules_to_save": null,
              "peft_type": "LORA",
              "r": 8,
              "rank_pattern": {},
              "revision": null,
              "target_modules": [
                "q_proj",
                "v_proj"
              ],
              "task_type": "CAUSAL_LM"
            }""");
  }

  @Test
  void readsWhatPeftSaved() {
    ExistingAdapter file =
        AdapterFolder.open(Path.of("src/test/resources/parity/llama/adapter")).config();
    LoraSettings config = (LoraSettings) file.method().settings();

    assertThat(config.r()).isEqualTo(4);
    assertThat(config.loraAlpha()).isEqualTo(8);
    assertThat(config.loraDropout()).isZero();
    assertThat(config.useRslora()).isFalse();
    assertThat(file.peftType()).isEqualTo("LORA");
    assertThat(file.baseModel()).isEmpty();
    assertThat(config.targetModules().entries()).hasSize(14).contains("model.layers.1.mlp.up_proj");
    assertThat(file.unknownKeys()).isEmpty();
  }

  @Test
  void readsPatternsInTheirOrderAndListsUnknownKeys() {
    ExistingAdapter file =
        read(
            MINIMAL
                + ", 'rank_pattern': {'z_proj': 2, 'a_proj': 3}, 'alpha_pattern': {'q_proj': 1.5},"
                + " 'use_rslora': true, 'lora_dropout': 0.1, 'future_key': 1, 'use_dora': false");
    LoraSettings config = (LoraSettings) file.method().settings();

    assertThat(config.rankPattern().keySet()).containsExactly("z_proj", "a_proj");
    assertThat(config.alphaPattern()).containsEntry("q_proj", 1.5);
    assertThat(config.useRslora()).isTrue();
    assertThat(config.loraDropout()).isEqualTo(0.1);
    assertThat(file.unknownKeys()).containsExactly("future_key");
  }

  @Test
  void readsTargetsAsAListAnExpressionOrTheShorthand() {
    String expression = ".*layers\\.[01]\\.self_attn\\.(q|k)_proj";
    String json = expression.replace("\\", "\\\\");
    assertThat(parse(MINIMAL).targetModules().entries()).containsExactly("q_proj");
    assertThat(parse(MINIMAL.replace("['q_proj']", "'" + json + "'")).targetModules().expression())
        .isEqualTo(expression);
    assertThat(parse(MINIMAL.replace("['q_proj']", "'All-Linear'")).targetModules().entries())
        .containsExactly("all-linear");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'fan_in_fan_out': true|fan_in_fan_out true",
        "'ensure_weight_tying': true|ensure_weight_tying true",
        "'target_parameters': ['x']|target_parameters [\"x\"]",
        "'layer_replication': [[0, 1]]|layer_replication [[0,1]]",
        "'task_type': 'SEQ_CLS'|task_type \"SEQ_CLS\""
      })
  void refusesActiveOptionsByName(String option, String message) {
    assertThatThrownBy(() -> parse(MINIMAL + ", " + option))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Unsupported in adapter_config.json: " + message + " (adapter.path)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"loftq", "corda", "pissa_niter_4", "lora_ga"})
  void refusesInitialisationsThatChangeTheBaseWeights(String name) {
    assertThatThrownBy(() -> parse(MINIMAL + ", 'init_lora_weights': '" + name + "'"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Unsupported init_lora_weights \""
                + name
                + "\" (it changes the base weights by what is not saved; save the adapter"
                + " converted) in adapter_config.json (adapter.path)");
  }

  @Test
  void acceptsTheSameOptionsWhenNeutral() {
    parse(
        MINIMAL
            + ", 'use_dora': false, 'modules_to_save': null, 'layers_to_transform': [],"
            + " 'fan_in_fan_out': false, 'bias': 'none', 'exclude_modules': null,"
            + " 'layers_pattern': '', 'init_lora_weights': 'gaussian', 'task_type': null");
  }

  @Test
  void refusesWhatIsNoLoraAdapter() {
    assertRefused("'peft_type': 'LOHA'", "Unsupported peft_type: LOHA (supported: ");
    assertRefused("'r': 8", "Unsupported peft_type: none");
    assertRefused(
        MINIMAL.replace("4", "0"),
        "Invalid adapter.r: 0 (must be > 0) in adapter_config.json (adapter.path)");
    assertRefused(MINIMAL.replace("'r': 4, ", ""), "Missing r in adapter_config.json");
    assertRefused(
        MINIMAL.replace("8", "'x'"),
        "Invalid adapter.lora_alpha: \"x\" (must be a number; set in adapter_config.json");
    assertRefused(
        MINIMAL.replace("['q_proj']", "[]"),
        "Invalid adapter.target_modules: [] (must name at least one");
    assertRefused(
        MINIMAL.replace("['q_proj']", "'('"), "Invalid adapter.target_modules: ( (not a regular");
    assertRefused(MINIMAL + ", 'rank_pattern': {'q': 0}", "Invalid adapter.rank_pattern.q: 0");
    assertThatThrownBy(() -> AdapterConfigJson.parse(new byte[0], "adapter_config.json"))
        .hasMessageContaining("Cannot read adapter_config.json");
  }

  private static void assertRefused(String fields, String message) {
    assertThatThrownBy(() -> parse(fields))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("adapter_config.json");
  }

  private static LoraSettings parse(String fields) {
    return (LoraSettings) read(fields).method().settings();
  }

  private static ExistingAdapter read(String fields) {
    byte[] json = ("{" + fields.replace('\'', '"') + "}").getBytes(StandardCharsets.UTF_8);
    return AdapterConfigJson.parse(json, "adapter_config.json");
  }
}
