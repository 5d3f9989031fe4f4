package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.AdapterConfig;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ConfigLoader;
import dev.anneal.core.model.DecoderConfig;
import dev.anneal.core.model.ModelFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AdapterRegistryTest {
  private static final DecoderConfig MODEL =
      ModelFolder.open(Path.of("src/test/resources/parity/qwen2")).config();

  @Test
  void listsEveryPermittedMethodOnceAndInTheTableOfMethods() throws Exception {
    List<AdapterRegistry.Entry> entries = AdapterRegistry.entries();
    List<Class<?>> listed = new ArrayList<>();
    entries.forEach(entry -> listed.add(entry.implementation()));
    assertThat(listed).containsExactlyInAnyOrder(AdapterMethod.class.getPermittedSubclasses());

    String table = Files.readString(Path.of("../docs/methods.md"));
    for (AdapterRegistry.Entry entry : entries) {
      assertThat(table).contains("| `" + entry.peftType() + "` |");
    }
  }

  @Test
  void choosesByNameInAnyCase() {
    assertThat(choose("lora").orElseThrow().peftType()).isEqualTo("LORA");
    assertThat(choose("none")).isEmpty();
  }

  @Test
  void namesWhatIsSupportedWhenAMethodIsNot() {
    assertThatThrownBy(() -> choose("vera"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Unsupported adapter.peft_type: VERA (supported: NONE, LORA");
  }

  private static Optional<AdapterMethod> choose(String peftType) {
    AdapterConfig config = ConfigLoader.of("adapter.peft_type=" + peftType).adapter();
    return AdapterRegistry.choose(config, Optional.empty(), MODEL);
  }
}
