package dev.anneal.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.config.SettingParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingParserTest {
  private static Object parse(String value) {
    return SettingParser.parse("k=" + value).root().unwrapped().get("k");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3a://b/x",
        "/a path/with spaces",
        "a#b",
        "${HOME}/x",
        "a = b",
        "中文：路径",
        "1.2.3",
        "trueish",
        "C:\\x\\y",
        "1e-4x",
        "x\"y",
        "//server/x"
      })
  void anythingElseIsOneLiteralText(String value) {
    assertThat(parse(value)).isEqualTo(value);
  }

  @Test
  void numbersSwitchesAndQuotesAreHocon() {
    assertThat(parse("1e-4")).isEqualTo(1e-4);
    assertThat(parse("-3")).isEqualTo(-3);
    assertThat(parse("true")).isEqualTo(true);
    assertThat(parse("null")).isNull();
    assertThat(parse("\"a\\tb\"")).isEqualTo("a\tb");
    assertThat(parse("")).isEqualTo("");
    assertThat(AnnealConfig.of("model.path=007").model().path()).isEqualTo("007");
  }

  @ParameterizedTest
  @CsvSource({
    "float16,FLOAT16",
    "fp16,FLOAT16",
    "half,FLOAT16",
    "BF16,BFLOAT16",
    "bfloat16,BFLOAT16",
    "fp32,FLOAT32",
    "Float32,FLOAT32",
    "auto,AUTO"
  })
  void typesHaveTheNamesThatOtherToolsGiveThem(String name, ModelConfig.Dtype type) {
    AnnealConfig config = AnnealConfig.of("export.dtype=" + name, "model.dtype=" + name);
    assertThat(config.export().dtype()).isEqualTo(type);
    assertThat(config.model().dtype()).isEqualTo(type);
  }

  @Test
  void anUnknownTypeIsRefusedWithThoseThereAre() {
    assertThatThrownBy(() -> AnnealConfig.of("export.dtype=int8"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "Invalid export.dtype: \"int8\" (must be one of auto, float32, bfloat16, float16;");
  }

  @Test
  void anUnquotedElementOfAListIsLiteral() {
    assertThat(parse("[s3a://b/x, /a path/y]")).isEqualTo(List.of("s3a://b/x", "/a path/y"));
    assertThat(parse("[a#b,\"c, d]\" , 3, true]")).isEqualTo(List.of("a#b", "c, d]", 3, true));
    assertThat(parse("[]")).isEqualTo(List.of());
    assertThat(parse("[ a, ]")).isEqualTo(List.of("a"));
    assertThat(parse("[[a, b], [c]]")).isEqualTo(List.of(List.of("a", "b"), List.of("c")));
    assertThat(parse("[${x}, $y]")).isEqualTo(List.of("${x}", "$y"));
  }

  @Test
  void objectsInListsAreHocon() {
    assertThat(parse("[{path = \"s3a://b/x}\", n = [1, 2]}, y]").toString())
        .isEqualTo("[{path=s3a://b/x}, n=[1, 2]}, y]");
  }

  @Test
  void brokenSettingsAreNamed() {
    assertThatThrownBy(() -> SettingParser.parse("k"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid -s: k (must be key=value)");
    assertThatThrownBy(() -> parse("[a")).hasMessageContaining("missing closing ]");
    assertThatThrownBy(() -> parse("[a] b")).hasMessageContaining("after the closing ]");
    assertThatThrownBy(() -> parse("[\"a]")).hasMessageContaining("missing closing quote");
    assertThatThrownBy(() -> parse("{a")).hasMessageContaining("Invalid -s: k={a");
    assertThatThrownBy(() -> SettingParser.parse("a..b=1")).hasMessageContaining("bad key");
  }
}
