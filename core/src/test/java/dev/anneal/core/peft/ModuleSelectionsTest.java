package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModuleSelectionsTest {
  private static final DecoderConfig MODEL =
      ModelFolder.open(Path.of("src/test/resources/parity/qwen2")).config();

  @Test
  void refusesEachTargetWithoutAModuleAndNamesTheNearest() {
    assertThatThrownBy(
            () ->
                chosen(
                    "adapter.peft_type=ADALORA",
                    "adapter.total_step=9",
                    "adapter.target_modules=[q_proj, lm_head, q_prj]"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid adapter.target_modules: lm_head (matches no linear module of the model's layers;"
                + " nearest: k_proj, o_proj, q_proj)\n"
                + "Invalid adapter.target_modules: q_prj (matches no linear module of the model's"
                + " layers; nearest: q_proj, k_proj, o_proj)");
    assertThatThrownBy(() -> chosen("adapter.target_modules=[model.layers.7.self_attn.q_proj]"))
        .hasMessageContaining("model.layers.7.self_attn.q_proj (matches no linear module");
  }

  @Test
  void takesTargetsByPathByEndAndByTheShorthand() {
    assertThat(chosen("adapter.target_modules=[model.layers.0.self_attn.q_proj, mlp.up_proj]"))
        .isNotNull();
    assertThat(chosen("adapter.target_modules=all-linear")).isNotNull();
    assertThat(chosen("adapter.target_modules=[lm_head, embed_tokens]")).isNotNull();
  }

  @Test
  void refusesAPatternThatMatchesNoTarget() {
    assertThatThrownBy(
            () -> chosen("adapter.target_modules=[q_proj]", "adapter.rank_pattern={up_proj=4}"))
        .hasMessage(
            "Invalid adapter.rank_pattern: up_proj (matches no module of target_modules; nearest:"
                + " up_proj, k_proj, o_proj)");
    assertThatThrownBy(() -> chosen("adapter.alpha_pattern={attn_proj=4}"))
        .hasMessageContaining("Invalid adapter.alpha_pattern: attn_proj (matches no module");
    assertThat(chosen("adapter.rank_pattern={\"layers.0.*(?P<part>q|k)_proj\"=4}")).isNotNull();
  }

  @Test
  void refusesPatternsOfSettingsThatContradictEachOther() {
    assertThatThrownBy(
            () -> chosen("adapter.rank_pattern={q_proj=4, \"self_attn.*\"=2, up_proj=3}"))
        .hasMessage(
            "Invalid adapter.rank_pattern: q_proj = 4, self_attn.* = 2 (both match"
                + " model.layers.0.self_attn.q_proj; an entry may not overlap another)");
    assertThat(chosen("adapter.rank_pattern={q_proj=4, \"self_attn.*\"=4}")).isNotNull();
  }

  @Test
  void refusesAPatternThatIsNoExpression() {
    assertThatThrownBy(() -> chosen("adapter.rank_pattern={\"q(\"=4}"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid adapter.rank_pattern: q( (not a regular expression: Unclosed group)");
  }

  @Test
  void ofAnExistingAdapterTheOrderOfTheFileDecides() {
    assertThat(ranks("'rank_pattern': {'q_proj': 2, '.*_proj': 3}")).containsExactly(2, 3);
    assertThat(ranks("'rank_pattern': {'.*_proj': 3, 'q_proj': 2}")).containsExactly(3, 3);
  }

  @Test
  void theOrderOfPatternsIsExported() {
    AdapterMethod method = existing("'rank_pattern': {'q_proj': 2, '.*_proj': 3}");
    assertThat(method.exportConfig().get("rank_pattern")).hasToString("{q_proj=2, .*_proj=3}");
  }

  @Test
  void refusesAnExistingAdapterOfTheHeadOrOfAnotherModel() {
    assertThatThrownBy(
            () ->
                read(
                    "{'peft_type': 'IA3', 'target_modules': ['k_proj', 'lm_head'],"
                        + " 'feedforward_modules': []}"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Unsupported in adapter_config.json: target_modules: lm_head (only the linear modules of"
                + " the layers are adapted; adapter.path)");
    assertThatThrownBy(() -> existing("'r': 4", "['c_attn']"))
        .hasMessageContaining("matches no linear module of the model");
    assertThatThrownBy(() -> existing("'r': 4", "'.*c_attn'"))
        .hasMessageContaining("matches no linear module of the model");
    assertThat(existing("'r': 4", "['q_proj', 'c_attn']")).as("as PEFT loads it").isNotNull();
  }

  @Test
  void refusesUnknownOptionsThatAreOnAndNoOthers() {
    assertThatThrownBy(() -> existing("'use_future': true"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Unsupported in adapter_config.json: use_future true (adapter.path)");
    assertThat(existing("'use_future': false, 'future_size': 16")).isNotNull();
  }

  private static AdapterMethod chosen(String... settings) {
    List<String> all = new java.util.ArrayList<>(List.of("adapter.peft_type=LORA"));
    all.addAll(List.of(settings));
    AdapterConfig config = TrainingConfig.of(all.toArray(String[]::new)).adapter();
    return AdapterRegistry.choose(config, Optional.empty(), MODEL).orElseThrow();
  }

  /** Ranks of the first layer's q_proj and k_proj. */
  private static List<Integer> ranks(String fields) {
    AdapterMethod method = existing(fields);
    return new DecoderLayout(MODEL)
        .sites().stream()
            .filter(site -> site.module().matches("model.layers.0.self_attn.[qk]_proj"))
            .map(site -> (int) method.parameters(site).get(0).shape().toArray()[0])
            .toList();
  }

  private static AdapterMethod existing(String fields) {
    return existing(fields, "['q_proj', 'k_proj']");
  }

  private static AdapterMethod existing(String fields, String targets) {
    String json =
        "{'peft_type': 'LORA', 'r': 4, 'lora_alpha': 8, 'target_modules': "
            + targets
            + ", "
            + fields
            + "}";
    return read(json);
  }

  private static AdapterMethod read(String json) {
    byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ExistingAdapter config = AdapterConfigJson.parse(bytes, "adapter_config.json");
    return AdapterRegistry.existing(new AdapterFolder(Path.of("adapter"), config), MODEL);
  }
}
