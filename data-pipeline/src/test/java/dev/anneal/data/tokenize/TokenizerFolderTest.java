package dev.anneal.data.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerFolderTest {
  @TempDir Path temp;

  @Test
  void readsTokensGivenAsStringsObjectsOrNull() throws IOException {
    config(
        "{\"eos_token\": {\"content\": \"<e>\", \"special\": true}, \"bos_token\": null,"
            + " \"pad_token\": \"<p>\"}");
    TokenizerFolder folder = TokenizerFolder.open(temp);
    assertThat(folder.eosToken()).contains("<e>");
    assertThat(folder.requireEosToken()).isEqualTo("<e>");
    assertThat(folder.bosToken()).isEmpty();
    assertThat(folder.padToken()).contains("<p>");
    assertThat(folder.specialTokens()).containsOnlyKeys("eos_token", "pad_token");
  }

  @Test
  void takesTheOldSpecialTokensMapAsTransformersDoes() throws IOException {
    config("{\"eos_token\": \"<new>\"}");
    Files.writeString(
        temp.resolve("special_tokens_map.json"),
        "{\"eos_token\": \"<old>\", \"bos_token\": {\"content\": \"<b>\"}}");
    TokenizerFolder folder = TokenizerFolder.open(temp);
    assertThat(folder.eosToken()).contains("<old>");
    assertThat(folder.bosToken()).contains("<b>");
    config("{\"eos_token\": \"<new>\", \"added_tokens_decoder\": {}}");
    assertThat(TokenizerFolder.open(temp).specialTokens())
        .containsOnly(entry("eos_token", "<new>"));
  }

  @Test
  void namesTheKeyToSetWithoutAnEosToken() throws IOException {
    config("{}");
    TokenizerFolder folder = TokenizerFolder.open(temp);
    assertThatThrownBy(folder::requireEosToken)
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot find the EOS token of "
                + temp
                + ": tokenizer_config.json has no eos_token (set tokenize.eos_token)");
  }

  @Test
  void findsTheChatTemplateWhereTransformersDoes() throws IOException {
    config("{}");
    assertThat(TokenizerFolder.open(temp).chatTemplate()).isEmpty();
    config("{\"chat_template\": \"one\"}");
    assertThat(TokenizerFolder.open(temp).chatTemplate()).contains("one");
    config(
        "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"t\"},"
            + " {\"name\": \"default\", \"template\": \"two\"}]}");
    assertThat(TokenizerFolder.open(temp).chatTemplate())
        .contains("{%+ if tools is not none +%}t{%+ else +%}two{%+ endif %}");
    Files.writeString(temp.resolve("chat_template.jinja"), "three\n");
    assertThat(TokenizerFolder.open(temp).chatTemplate()).contains("three\n");
  }

  @Test
  void hashesWhatTheFilesHold() throws IOException {
    config("{}");
    String before = TokenizerFolder.open(temp).contentHash();
    assertThat(before).hasSize(64).isEqualTo(TokenizerFolder.open(temp).contentHash());
    Files.writeString(temp.resolve("README.md"), "not a tokenizer file");
    assertThat(TokenizerFolder.open(temp).contentHash()).isEqualTo(before);
    config("{ }");
    assertThat(TokenizerFolder.open(temp).contentHash()).isNotEqualTo(before);
  }

  @Test
  void saysWhatIsMissingOrMalformed() throws IOException {
    assertThatThrownBy(() -> TokenizerFolder.open(temp.resolve("absent")))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot read tokenizer "
                + temp.resolve("absent")
                + ": no such folder (tokenize.tokenizer)");
    assertThatThrownBy(() -> TokenizerFolder.open(temp))
        .hasMessage(
            "Cannot read tokenizer " + temp + ": it holds no tokenizer.json (tokenize.tokenizer)");
    config("{\"eos_token\": ");
    assertThatThrownBy(() -> TokenizerFolder.open(temp))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot read tokenizer " + temp + ": tokenizer_config.json: ");
    config("[]");
    assertThatThrownBy(() -> TokenizerFolder.open(temp))
        .hasMessage("Cannot read tokenizer " + temp + ": tokenizer_config.json is no JSON object");
  }

  private void config(String json) throws IOException {
    Files.writeString(temp.resolve("tokenizer.json"), "{}");
    Files.writeString(temp.resolve("tokenizer_config.json"), json);
  }
}
