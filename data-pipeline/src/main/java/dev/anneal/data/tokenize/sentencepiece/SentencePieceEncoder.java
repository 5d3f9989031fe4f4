package dev.anneal.data.tokenize.sentencepiece;

import dev.anneal.data.tokenize.EncodedText;
import dev.anneal.data.tokenize.IdSink;
import dev.anneal.data.tokenize.SpanEncoder;
import dev.anneal.data.tokenize.bpe.AddedTokens;
import dev.anneal.data.tokenize.bpe.IdOutput;
import java.io.IOException;
import java.util.Optional;

/**
 * The hot path: UTF-8 to ids. Added tokens are looked for in the raw bytes; each text between two
 * of them gets its own {@code ▁} where the tokenizer writes one. Confined to one thread.
 */
final class SentencePieceEncoder implements SpanEncoder {
  private static final byte[] MARK = {(byte) 0xE2, (byte) 0x96, (byte) 0x81};

  private final Spacing.Prefix prefix;
  private final AddedTokens addedTokens;
  private final PieceEncoder pieces;
  private final IdOutput out = new IdOutput();

  SentencePieceEncoder(Spacing.Prefix prefix, AddedTokens addedTokens, PieceModel model) {
    this.prefix = prefix;
    this.addedTokens = addedTokens;
    this.pieces = new PieceEncoder(model);
  }

  @Override
  public void encode(byte[] utf8, int start, int end, IdSink ids) throws IOException {
    out.open(ids);
    int from = start; // what lies before is encoded
    int searched = addedTokens.candidate(utf8, start, end);
    while (searched < end) {
      int token = addedTokens.longestAt(utf8, searched, end);
      int after = searched + 1;
      if (token >= 0) {
        AddedTokens.Entry entry = addedTokens.entry(token);
        after = searched + entry.bytes().length;
        if (!entry.skipped()) {
          encodeText(utf8, from, searched, from == start);
          out.add(entry.id());
          from = after;
        }
      }
      searched = addedTokens.candidate(utf8, after, end);
    }
    encodeText(utf8, from, end, from == start);
    out.flush();
  }

  /** The library knows the offsets: a {@code ▁} that no character of the text stands for, ... */
  @Override
  public Optional<EncodedText> encodeWithOffsets(String text) {
    return Optional.empty();
  }

  private void encodeText(byte[] utf8, int from, int end, boolean first) throws IOException {
    if (from == end) {
      return;
    }
    boolean prefixed =
        switch (prefix) {
          case NONE -> false;
          case EACH -> true;
          case EACH_WITHOUT -> !startsWithMark(utf8, from, end);
          case FIRST_WITHOUT -> first && !startsWithMark(utf8, from, end);
        };
    if (prefixed) {
      pieces.encodePrefixed(utf8, from, end, out);
    } else {
      pieces.encode(utf8, from, end, out);
    }
  }

  private static boolean startsWithMark(byte[] utf8, int from, int end) {
    return utf8[from] == ' '
        || end - from >= MARK.length
            && utf8[from] == MARK[0]
            && utf8[from + 1] == MARK[1]
            && utf8[from + 2] == MARK[2];
  }
}
