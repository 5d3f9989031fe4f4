package dev.anneal.core.peft.modules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The verdicts are those of PEFT 0.17's check_target_module_exists for the same settings. */
class ModuleTargetsTest {
  private static final String Q0 = "model.layers.0.self_attn.q_proj";
  private static final String Q1 = "model.layers.1.self_attn.q_proj";

  @Test
  void exportsModuleNamesInsteadOfTheShorthandThatPeftRefusesInAList() {
    assertThat(ModuleNames.ofText("All-Linear").json())
        .isEqualTo(
            List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"));
  }

  @Test
  void exportsOtherEntriesAndExpressionsAsTheyAre() {
    assertThat(ModuleNames.ofNames(List.of("q_proj", "mlp.up_proj")).json())
        .isEqualTo(List.of("q_proj", "mlp.up_proj"));
    assertThat(ModuleNames.ofText(".*[qv]_proj").json()).isEqualTo(".*[qv]_proj");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "q_proj|model.layers.0.self_attn.q_proj|true",
        "q_proj|model.layers.0.self_attn.aq_proj|false",
        ".*layers\\.0\\..*[qk]_proj|model.layers.0.self_attn.q_proj|true",
        ".*layers\\.0\\..*[qk]_proj|model.layers.1.self_attn.q_proj|false",
        "[qk]_proj|model.layers.0.self_attn.q_proj|false",
        "all-linear|model.layers.0.mlp.down_proj|true",
        "all-linear|lm_head|false",
      })
  void matchesAWholePathItsEndAtADotOrAnExpression(String text, String module, boolean matches) {
    assertThat(ModuleTargets.of(ModuleNames.ofText(text)).matches(module)).isEqualTo(matches);
  }

  @Test
  void excludesByEndAndByExpression() {
    ModuleNames all = ModuleNames.ofText("all-linear");
    for (String excluded : List.of("q_proj", Q0, ".*0.*q_proj")) {
      ModuleTargets targets =
          new ModuleTargets(all, ModuleNames.ofText(excluded), List.of(), List.of());
      assertThat(targets.matches(Q0)).as(excluded).isFalse();
      assertThat(targets.matches(Q1)).as(excluded).isEqualTo(!excluded.equals("q_proj"));
      assertThat(targets.matches("model.layers.0.mlp.up_proj")).isTrue();
    }
  }

  @Test
  void choosesLayersButForAnEntryThatIsAWholePath() {
    ModuleNames none = ModuleNames.ofText("");
    ModuleNames names = ModuleNames.ofNames(List.of("q_proj", "model.layers.0.mlp.up_proj"));
    for (List<String> pattern :
        List.of(List.<String>of(), List.of("layers"), List.of("h", "layers"))) {
      ModuleTargets targets = new ModuleTargets(names, none, List.of(1), pattern);
      assertThat(targets.matches(Q0)).isFalse();
      assertThat(targets.matches(Q1)).isTrue();
      assertThat(targets.matches("model.layers.0.mlp.up_proj")).isTrue();
    }
    assertThat(new ModuleTargets(names, none, List.of(1), List.of("h")).matches(Q1)).isFalse();
  }

  @Test
  void refusesWhatWouldHaveNoEffect() {
    ModuleNames none = ModuleNames.ofText("");
    assertThatThrownBy(() -> ModuleTargets.of(none))
        .hasMessage(
            "Invalid adapter.target_modules: [] (must name at least one module, or all-linear)");
    assertThatThrownBy(
            () -> new ModuleTargets(ModuleNames.ofText(".*q"), none, List.of(0), List.of()))
        .hasMessageContaining("layers_to_transform: [0] (has no effect");
    assertThatThrownBy(
            () -> new ModuleTargets(ModuleNames.ofText("q"), none, List.of(), List.of("h")))
        .hasMessageContaining("layers_pattern: [h] (has no effect without");
    assertThatThrownBy(() -> ModuleTargets.of(ModuleNames.ofText("(")))
        .hasMessageContaining("target_modules: ( (not a regular expression");
  }
}
