package dev.anneal.core.model.fourbit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig.FrozenStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Codes and scales against those that bitsandbytes gave on a CPU, to the last bit. */
class FourBitQuantizerTest {
  private static final DynamicMap MAP = new DynamicMap();

  static List<FourBitCases.Case> cases() throws IOException {
    return FourBitCases.all();
  }

  /** Bytes of packed codes with the absmax, the values added in runs of that length. */
  private record Quantised(byte[] codes, float[] absmax) {
    static Quantised of(FourBitType type, float[] values, int run) {
      ByteBuffer codes = ByteBuffer.allocate((int) FourBitFormat.padded(values.length) / 2);
      FourBitQuantizer quantizer = new FourBitQuantizer("w", type, values.length, codes);
      for (int at = 0; at < values.length; at += run) {
        int count = Math.min(run, values.length - at);
        quantizer.add(Arrays.copyOfRange(values, at, at + count), count);
      }
      return new Quantised(codes.array(), quantizer.absmax());
    }
  }

  @Test
  void tablesAreThoseOfBitsandbytes() throws IOException {
    for (FourBitType type : FourBitType.values()) {
      float[] table = new float[16];
      for (int code = 0; code < table.length; code++) {
        table[code] = type.value(code);
      }
      FourBitCases.requireTable(type.name(), table);
    }
    FourBitCases.requireTable("dynamic", MAP.values());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void codesAndScalesAreThoseOfBitsandbytes(FourBitCases.Case recorded) {
    float[] values = recorded.values();
    Quantised quantised = Quantised.of(recorded.type(), values, 1024);
    recorded.require("codes", Arrays.copyOf(quantised.codes(), (values.length + 1) / 2));
    recorded.require("absmax", quantised.absmax());
    QuantizedAbsmax absmax = QuantizedAbsmax.of(quantised.absmax(), MAP);
    recorded.require("double_absmax", absmax.codes());
    recorded.require("double_scales", absmax.scales());
    recorded.require("double_offset", absmax.offset());
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 128, 1 << 16})
  void runsMayBeOfAnyLength(int run) throws IOException {
    FourBitCases.Case large = cases().stream().filter(c -> c.shape()[0] == 896).findAny().get();
    large.require("codes", Quantised.of(large.type(), large.values(), run).codes());
  }

  @ParameterizedTest
  @CsvSource({"1, 32, 4", "64, 32, 4", "65, 64, 8", "4358144, 2179072, 272384"})
  void bytesAreCodesAndScales(long elements, long codes, long absmax) {
    assertThat(new FourBitFormat(FourBitType.NF4, false).bytes(elements)).isEqualTo(codes + absmax);
    long blocks = absmax / 4;
    long groups = (blocks + 255) / 256;
    assertThat(new FourBitFormat(FourBitType.NF4, true).bytes(elements))
        .isEqualTo(codes + groups * 260 + 4);
  }

  @Test
  void settingsNameAFormat() {
    assertThat(FourBitFormat.of(FrozenStorage.FILE, true)).isEmpty();
    assertThat(FourBitFormat.of(FrozenStorage.FP4, false))
        .contains(new FourBitFormat(FourBitType.FP4, false));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void valuesMustBeFinite(float value) {
    assertThatThrownBy(() -> Quantised.of(FourBitType.NF4, new float[] {1, value}, 64))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("Invalid weight w: a value is")
        .hasMessageContaining("must be finite for model.frozen_storage = nf4 or fp4");
  }

  @Test
  void allValuesMustCome() {
    ByteBuffer codes = ByteBuffer.allocate(64);
    FourBitQuantizer quantizer = new FourBitQuantizer("w", FourBitType.NF4, 100, codes);
    quantizer.add(new float[64], 64);
    assertThatThrownBy(quantizer::absmax).hasMessage("Expected 100 values but got 64");
    assertThatThrownBy(() -> quantizer.add(new float[64], 64))
        .hasMessage("Invalid run: 64 values after 64 of 100");
    assertThatThrownBy(
            () -> new FourBitQuantizer("w", FourBitType.NF4, 65, ByteBuffer.allocate(32)))
        .hasMessage("Invalid room for codes: 32 bytes (expected 64)");
  }
}
