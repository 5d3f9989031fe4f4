package dev.anneal.core.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class RotaryFrequenciesTest {
  @Test
  void equalThoseOfTransformersButForRoundingOfThePower() throws IOException {
    JsonNode cases;
    try (InputStream in = getClass().getResourceAsStream("/model/rope.json")) {
      cases = new ObjectMapper().readTree(in);
    }
    assertThat(cases).hasSize(8);
    int others = 0;
    for (JsonNode recorded : cases) {
      DecoderConfig config = DecoderConfigParser.parse(recorded.get("config"), "config.json");
      JsonNode bits = recorded.get("inverse_frequency_bits");
      float[] frequencies = config.inverseFrequencies();
      assertThat(frequencies).hasSize(bits.size());
      for (int i = 0; i < frequencies.length; i++) {
        int distance = Math.abs(Float.floatToIntBits(frequencies[i]) - bits.get(i).asInt());
        assertThat(distance).as("%s element %s", recorded.get("config"), i).isLessThanOrEqualTo(1);
        others += distance;
      }
    }
    // torch's fp32 power is not always rounded correctly; ours is
    assertThat(others).as("elements off by one unit in the last place").isLessThanOrEqualTo(1);
  }

  @Test
  void refusesAnOddHead() {
    assertThatThrownBy(() -> RotaryFrequencies.inverse(10_000, new RopeScaling.None(), 7))
        .hasMessage("Invalid head_dim: 7 (must be even and > 0)");
  }
}
