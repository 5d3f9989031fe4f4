package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.ModelFolder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AdapterRegistryTest {
  private static final DecoderConfig MODEL =
      ModelFolder.open(Path.of("src/test/resources/parity/qwen2")).config();

  @Test
  void listsEveryPermittedMethodOnceAndInTheTableOfMethods() throws Exception {
    List<AdapterRegistry.Entry> entries = AdapterRegistry.entries();
    assertThat(entries)
        .extracting(AdapterRegistry.Entry::implementation)
        .map(implementation -> (Object) implementation)
        .containsExactlyElementsOf(permitted(AdapterMethod.class));
    assertThat(entries).extracting(AdapterRegistry.Entry::peftType).doesNotHaveDuplicates();

    String table = Files.readString(Path.of("../docs/methods.md"));
    for (AdapterRegistry.Entry entry : entries) {
      assertThat(entry.peftType()).isEqualTo(entry.peftType().toUpperCase(Locale.ROOT));
      assertThat(table).contains("| `" + entry.peftType() + "` |");
      for (String key : entry.keys()) {
        assertThat(table).as(entry.peftType()).contains("`" + key);
      }
    }
  }

  @Test
  void everyMethodHasAContractTest() throws Exception {
    for (Class<?> method : permitted(AdapterMethod.class)) {
      Class<?> test = Class.forName(method.getName() + "Test");
      assertThat(
              AdapterMethodContract.class.isAssignableFrom(test)
                  || WholeWeightsContract.class.isAssignableFrom(test)
                  || VirtualTokensContract.class.isAssignableFrom(test)
                  || test == BottleneckTest.class) // the one method at blocks
          .as(test.getSimpleName())
          .isTrue();
    }
  }

  /** Classes alone: a sealed interface stands for its own list. */
  private static List<Class<?>> permitted(Class<?> list) {
    List<Class<?>> classes = new ArrayList<>();
    for (Class<?> permitted : list.getPermittedSubclasses()) {
      classes.addAll(permitted.isInterface() ? permitted(permitted) : List.of(permitted));
    }
    return classes;
  }

  @Test
  void opensAnExistingAdapterByItsTypeAndRefusesWhatItDoesNotKnow() {
    String lora = "{'peft_type': 'LORA', 'r': 4, 'lora_alpha': 8, 'target_modules': ['q_proj']}";
    assertThat(existing(lora).peftType()).isEqualTo("LORA");
    assertThatThrownBy(() -> existing(lora.replace("LORA", "LOHA")))
        .isInstanceOf(ConfigException.class)
        .hasMessageMatching(
            "Unsupported peft_type: LOHA \\(supported: (.*, )?LORA(, .*)?; nearest: .*\\) in adapter_config.json");
  }

  private static AdapterMethod existing(String json) {
    byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return AdapterConfigJson.parse(bytes, "adapter_config.json").method();
  }

  @Test
  void choosesByNameInAnyCase() {
    assertThat(choose("lora").orElseThrow().peftType()).isEqualTo("LORA");
    assertThat(choose("none")).isEmpty();
  }

  @Test
  void namesWhatIsSupportedWhenAMethodIsNot() {
    assertThatThrownBy(() -> choose("loar"))
        .isInstanceOf(ConfigException.class)
        .hasMessageMatching(
            "Unsupported adapter\\.peft_type: LOAR \\(supported: NONE, (.*, )?LORA(, .*)?; nearest: LORA\\)");
  }

  @Test
  void refusesASettingThatTheMethodHasNot() {
    AdapterConfig config =
        TrainingConfig.of("adapter.peft_type=LORA", "adapter.feedforward_modules=[up_proj]")
            .adapter();
    assertThatThrownBy(() -> AdapterRegistry.choose(config, Optional.empty(), MODEL))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid adapter.feedforward_modules: has no effect with adapter.peft_type = LORA"
                + " (nearest of its own: target_modules)");
  }

  private static Optional<AdapterMethod> choose(String peftType) {
    AdapterConfig config = TrainingConfig.of("adapter.peft_type=" + peftType).adapter();
    return AdapterRegistry.choose(config, Optional.empty(), MODEL);
  }
}
