package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.tensor.VectorUnits;
import dev.anneal.core.tensor.VectorUnits.Width;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the libraries may use of a processor, and what the table of products makes of it. */
class VectorUnitsTest {
  private static final String ZEN5 = "fpu avx2 avx512f avx512bw";
  private static final String ZEN3 = "fpu avx2";

  @Test
  void processorsWithAvx512KeepTheirProducts() {
    assertThat(products("AuthenticAMD", ZEN5, Map.of())).isEqualTo(MatrixProducts.ONEDNN);
    assertThat(products("GenuineIntel", ZEN5, Map.of())).isEqualTo(MatrixProducts.BLAS);
    for (MatrixProducts wide : List.of(MatrixProducts.ONEDNN, MatrixProducts.BLAS)) {
      assertThat(wide.copiesForGeneration()).isEqualTo(wide == MatrixProducts.ONEDNN);
      assertThat(wide.copiesHead()).isEqualTo(wide == MatrixProducts.ONEDNN);
    }
  }

  @Test
  void processorsWithAvx2AloneChooseByShape() {
    for (String maker : List.of("AuthenticAMD", "GenuineIntel")) {
      assertThat(products(maker, ZEN3, Map.of())).isEqualTo(MatrixProducts.BY_SHAPE);
    }
    assertThat(MatrixProducts.BY_SHAPE.copiesHead()).isTrue();
    assertThat(MatrixProducts.BY_SHAPE.decodeLayout()).isEqualTo(DecodeLayout.BLOCKS);
  }

  @Test
  void processorsThatNobodyMeasuredTakeBlas() {
    assertThat(MatrixProducts.of(VectorUnits.of(List.of(), Map.of())))
        .isEqualTo(MatrixProducts.BLAS);
    assertThat(products("GenuineIntel", "fpu sse4_2", Map.of())).isEqualTo(MatrixProducts.BLAS);
  }

  @ParameterizedTest
  @CsvSource({
    "ONEDNN_MAX_CPU_ISA, AVX2, AVX2, AVX512",
    "DNNL_MAX_CPU_ISA, avx2_vnni, AVX2, AVX512",
    "ONEDNN_MAX_CPU_ISA, AVX512_CORE, AVX512, AVX512",
    "ONEDNN_MAX_CPU_ISA, ALL, AVX512, AVX512",
    "ONEDNN_MAX_CPU_ISA, SSE41, OTHER, AVX512",
    "MKL_ENABLE_INSTRUCTIONS, AVX2, AVX512, AVX2",
    "MKL_ENABLE_INSTRUCTIONS, AVX, AVX512, OTHER",
    "MKL_ENABLE_INSTRUCTIONS, AVX512_E1, AVX512, AVX512",
    "ATEN_CPU_CAPABILITY, avx2, AVX512, AVX512",
  })
  void theEnvironmentKeepsALibraryNarrower(String name, String value, Width oneDnn, Width blas) {
    assertThat(units("GenuineIntel", ZEN5, Map.of(name, value)))
        .isEqualTo(new VectorUnits(oneDnn, blas));
  }

  @Test
  void aWideProcessorKeptToAvx2CountsAsOne() {
    Map<String, String> kept =
        Map.of("ONEDNN_MAX_CPU_ISA", "AVX2", "MKL_ENABLE_INSTRUCTIONS", "AVX2");
    for (String maker : List.of("AuthenticAMD", "GenuineIntel")) {
      assertThat(units(maker, ZEN5, kept)).isEqualTo(units(maker, ZEN3, Map.of()));
      assertThat(products(maker, ZEN5, kept)).isEqualTo(MatrixProducts.BY_SHAPE);
    }
  }

  private static MatrixProducts products(
      String maker, String flags, Map<String, String> environment) {
    return MatrixProducts.of(units(maker, flags, environment));
  }

  private static VectorUnits units(String maker, String flags, Map<String, String> environment) {
    return VectorUnits.of(
        List.of("processor\t: 0", "vendor_id\t: " + maker, "flags\t\t: " + flags, ""), environment);
  }
}
