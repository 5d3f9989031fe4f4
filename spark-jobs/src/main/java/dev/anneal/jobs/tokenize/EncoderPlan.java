package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.InputConfig;
import dev.anneal.core.config.TokenizeConfig;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.Serializable;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How rows become tokens: decided and checked on the driver, carried out on executors.
 *
 * @param tokenizerHash content hash of the tokenizer's files
 * @param templateHash hash of the chat template; empty for documents
 * @param eosId ends a document; -1 for conversations
 */
record EncoderPlan(TokenizeConfig config, String tokenizerHash, String templateHash, int eosId)
    implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(EncoderPlan.class);

  /** Checks that the tokenizer has what the stage needs; {@link ConfigException} names the key. */
  static EncoderPlan of(TokenizeConfig config, TokenizerFolder folder, Tokenizer tokenizer) {
    int eosId = config.stage() == TokenizeConfig.Stage.PT ? eosId(config, folder, tokenizer) : -1;
    return new EncoderPlan(config, folder.contentHash(), "", eosId);
  }

  private static int eosId(TokenizeConfig config, TokenizerFolder folder, Tokenizer tokenizer) {
    boolean own = config.eosToken().isEmpty();
    String eos = own ? folder.requireEosToken() : config.eosToken();
    Optional<Integer> id = tokenizer.tokenId(eos);
    if (id.isEmpty()) {
      throw new ConfigException(
          "Invalid tokenize.eos_token: " + eos + " (no token of " + config.tokenizer() + ")");
    }
    if (own && folder.chatTemplate().filter(template -> template.contains(eos)).isPresent()) {
      LOG.warn(
          "tokenizer {} ends documents with {}, which its chat template writes after a turn;"
              + " set tokenize.eos_token to the end-of-text token of the base model if it has one",
          config.tokenizer(),
          eos);
    }
    return id.get();
  }

  SpecialTokens specialTokens() {
    return config.splitSpecialTokens() ? SpecialTokens.SPLIT : SpecialTokens.MATCHED;
  }

  /** Whether samples carry labels of their own. */
  boolean hasLabels() {
    return config.stage() == TokenizeConfig.Stage.SFT;
  }

  RowEncoder encoder(InputConfig input, TokenizerFolder folder, Tokenizer tokenizer) {
    return new DocumentEncoder(tokenizer, eosId, input.columns().getOrDefault("text", "text"));
  }
}
