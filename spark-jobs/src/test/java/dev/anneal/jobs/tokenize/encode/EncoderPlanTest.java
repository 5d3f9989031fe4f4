package dev.anneal.jobs.tokenize.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import dev.anneal.jobs.tokenize.TestCorpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncoderPlanTest {
  @TempDir Path temp;

  @Test
  void refusesChatsWithATokenizerThatSplitsSpecialTokensByItself() throws IOException {
    Files.copy(TestCorpus.TOKENIZER.resolve("tokenizer.json"), temp.resolve("tokenizer.json"));
    Files.writeString(
        temp.resolve("tokenizer_config.json"),
        "{\"eos_token\": \"<|im_end|>\", \"split_special_tokens\": true}");
    TestCorpus settings = new TestCorpus(temp.resolve("out"));
    settings.chatTemplate = "chatml";
    TokenizerFolder folder = TokenizerFolder.open(temp);
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      assertThat(EncoderPlan.of(settings.config(), folder, tokenizer).eosId()).isEqualTo(439);
      settings.stage = TokenizeConfig.Stage.SFT;
      assertThatThrownBy(() -> EncoderPlan.of(settings.config(), folder, tokenizer))
          .isInstanceOf(ConfigException.class)
          .hasMessage(
              "Unsupported split_special_tokens in tokenizer_config.json of "
                  + temp
                  + ": true (must be false with stage = sft, whose chat template writes special"
                  + " tokens)");
    }
  }
}
