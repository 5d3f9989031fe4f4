package dev.anneal.core.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.format.Shape;
import dev.anneal.core.model.config.DecoderConfigParser;
import dev.anneal.core.model.config.WeightNames;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What a layout and its parameters hand out can be kept and compared. */
class DecoderLayoutTest {
  private static final Path PARITY = Path.of("src/test/resources/parity");

  private static DecoderLayout layout() throws Exception {
    Path file = PARITY.resolve("llama/config.json");
    return new DecoderLayout(
        DecoderConfigParser.parse(new ObjectMapper().readTree(file.toFile()), "llama"));
  }

  @Test
  void nobodyChangesItsWeights() throws Exception {
    DecoderLayout layout = layout();
    assertThat(layout.weights()).containsEntry(WeightNames.EMBED_TOKENS, Shape.of(97, 36));
    assertThatThrownBy(() -> layout.weights().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void parametersOfTwoLayoutsAreEqual() throws Exception {
    assertThat(layout().parameters()).isEqualTo(layout().parameters());
    ParameterSpec one = new ParameterSpec("w", Shape.of(2, 3), true);
    assertThat(one).isEqualTo(new ParameterSpec("w", Shape.of(2, 3), true));
    assertThat(one).hasSameHashCodeAs(new ParameterSpec("w", Shape.of(2, 3), true));
    assertThat(one).isNotEqualTo(new ParameterSpec("w", Shape.of(3, 2), true));
    assertThat(one.elementCount()).isEqualTo(6);
  }

  @Test
  void aParameterWithoutElementsIsRefused() {
    assertThatThrownBy(() -> new ParameterSpec("w", Shape.of(2, 0), true))
        .hasMessage("Invalid shape of w: dimension 0 (must be > 0)");
  }
}
