package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TargetModulesTest {
  @Test
  void exportsModuleNamesInsteadOfTheShorthandThatPeftRefusesInAList() {
    assertThat(TargetModules.of(List.of("all-linear")).exported())
        .containsExactly(
            "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");
  }

  @Test
  void exportsOtherEntriesAsTheyAre() {
    assertThat(TargetModules.of(List.of("q_proj", "mlp.up_proj")).exported())
        .containsExactly("q_proj", "mlp.up_proj");
  }

  @Test
  void matchesAWholePathOrItsEndAtADot() {
    TargetModules targets = TargetModules.of(List.of("q_proj"));
    assertThat(targets.matches("model.layers.0.self_attn.q_proj")).isTrue();
    assertThat(targets.matches("model.layers.0.self_attn.aq_proj")).isFalse();
  }
}
