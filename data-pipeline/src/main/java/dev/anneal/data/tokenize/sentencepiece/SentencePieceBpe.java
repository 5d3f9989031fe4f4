package dev.anneal.data.tokenize.sentencepiece;

import dev.anneal.data.tokenize.JavaEncoder;
import dev.anneal.data.tokenize.SpanEncoder;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TokenizerEngine;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import dev.anneal.data.tokenize.bpe.AddedTokenList;
import dev.anneal.data.tokenize.bpe.AddedTokens;

/**
 * SentencePiece-style BPE of one {@code tokenizer.json}: Llama 2, Mistral and whoever shares their
 * form. Immutable and thread-safe; owns no native memory.
 */
public final class SentencePieceBpe implements JavaEncoder {
  private final Spacing.Prefix prefix;
  private final AddedTokens addedTokens;
  private final PieceModel model;

  private SentencePieceBpe(Spacing.Prefix prefix, AddedTokens addedTokens, PieceModel model) {
    this.prefix = prefix;
    this.addedTokens = addedTokens;
    this.model = model;
  }

  /**
   * Reads a tokenizer.
   *
   * @throws UnsupportedTokenizerException when it has something that this engine does not know
   */
  public static SentencePieceBpe of(TokenizerJson file, SpecialTokens specialTokens)
      throws UnsupportedTokenizerException {
    Spacing spacing = Spacing.of(file);
    AddedTokens added =
        new AddedTokens(
            AddedTokenList.read(file.part("added_tokens"), spacing.normalizes(), specialTokens));
    return new SentencePieceBpe(spacing.prefix(), added, new PieceModel(file, spacing.splits()));
  }

  @Override
  public TokenizerEngine.Kind kind() {
    return TokenizerEngine.Kind.SENTENCEPIECE_BPE;
  }

  @Override
  public SpanEncoder newEncoder() {
    return new SentencePieceEncoder(prefix, addedTokens, model);
  }
}
