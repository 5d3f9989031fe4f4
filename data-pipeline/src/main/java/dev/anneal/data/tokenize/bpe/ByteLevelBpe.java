package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.tokenize.JavaEncoder;
import dev.anneal.data.tokenize.SpanEncoder;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TokenizerEngine;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import java.util.Arrays;
import java.util.List;

/**
 * Byte-level BPE of one {@code tokenizer.json}: Qwen, Llama 3, GPT-2 and whoever shares their
 * pieces. Immutable and thread-safe; owns no native memory.
 */
public final class ByteLevelBpe implements JavaEncoder {
  private static final int UNKNOWN = -1;

  private final BpeModel model;
  private final Splitter splitter;
  private final AddedTokens addedTokens;
  private final boolean normalizes;
  private final int[] byteLengths;
  private final boolean keepsOffsets;

  private ByteLevelBpe(TokenizerJson file, SpecialTokens specialTokens)
      throws UnsupportedTokenizerException {
    Acceptance.requireModel(file.model());
    normalizes = Acceptance.normalizes(file.part("normalizer"));
    splitter = Acceptance.splitter(file.part("pre_tokenizer"));
    List<AddedTokens.Entry> added =
        AddedTokenList.read(file.part("added_tokens"), normalizes, specialTokens);
    addedTokens = new AddedTokens(added);
    model = BpeModel.of(file);
    byteLengths = byteLengths(model, added);
    keepsOffsets =
        Acceptance.keepsOffsets(file)
            && Arrays.stream(byteLengths).allMatch(length -> length != UNKNOWN);
  }

  /**
   * Reads a tokenizer.
   *
   * @throws UnsupportedTokenizerException when it has something that this engine does not know
   */
  public static ByteLevelBpe of(TokenizerJson file, SpecialTokens specialTokens)
      throws UnsupportedTokenizerException {
    return new ByteLevelBpe(file, specialTokens);
  }

  @Override
  public TokenizerEngine.Kind kind() {
    return TokenizerEngine.Kind.BYTE_LEVEL_BPE;
  }

  @Override
  public SpanEncoder newEncoder() {
    return new ByteLevelEncoder(this);
  }

  BpeModel model() {
    return model;
  }

  Splitter splitter() {
    return splitter;
  }

  AddedTokens addedTokens() {
    return addedTokens;
  }

  boolean normalizes() {
    return normalizes;
  }

  /** Whether ids tell which bytes they cover. */
  boolean keepsOffsets() {
    return keepsOffsets;
  }

  /** How many bytes of a text an id covers. */
  int byteLength(int id) {
    return byteLengths[id];
  }

  /** An added token may share its id with a token that stands for other bytes. */
  private static int[] byteLengths(BpeModel model, List<AddedTokens.Entry> added) {
    int ids = model.idCount();
    for (AddedTokens.Entry entry : added) {
      ids = Math.max(ids, entry.id() + 1);
    }
    int[] lengths = new int[ids];
    for (int id = 0; id < model.idCount(); id++) {
      lengths[id] = model.byteLength(id);
    }
    for (AddedTokens.Entry entry : added) {
      int length = entry.bytes().length;
      int shared = lengths[entry.id()];
      lengths[entry.id()] = shared == 0 || shared == length ? length : UNKNOWN;
    }
    return lengths;
  }
}
