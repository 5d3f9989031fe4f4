package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.tokenize.EncodedText;
import dev.anneal.data.tokenize.IdList;
import dev.anneal.data.tokenize.IdSink;
import dev.anneal.data.tokenize.SpanEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The hot path: UTF-8 to ids. A text goes through in windows of 64 KiB: in each, added tokens are
 * looked for in the raw bytes; the text before one, or up to a place where no word and no
 * composition can cross, is normalized if need be and encoded. So a text of any length needs the
 * memory of a window. Confined to one thread.
 *
 * <p>Facts it relies on: added tokens are matched before normalization and end the text to the
 * pattern; each of the accepted patterns ends a word between a letter and what is no letter.
 */
final class ByteLevelEncoder implements SpanEncoder {
  private static final int WINDOW = 1 << 16;
  private static final int LARGEST_WINDOW = 1 << 30;

  private final ByteLevelBpe bpe;
  private final int windowBytes;
  private final AddedTokens addedTokens;
  private final WordEncoder words;
  private final NfcText nfc = new NfcText();
  private final IdOutput out = new IdOutput();

  /** No added token begins between what is encoded and here. */
  private int searched;

  /** Whether normalization changed the last text, so that ids do not tell its byte positions. */
  private boolean textChanged;

  ByteLevelEncoder(ByteLevelBpe bpe) {
    this(bpe, WINDOW);
  }

  /**
   * @param windowBytes how much text is looked at at once, more only where it cannot be cut
   */
  ByteLevelEncoder(ByteLevelBpe bpe, int windowBytes) {
    this.bpe = bpe;
    this.windowBytes = windowBytes;
    this.addedTokens = bpe.addedTokens();
    this.words = new WordEncoder(bpe.splitter(), bpe.model());
  }

  @Override
  public void encode(byte[] utf8, int start, int end, IdSink ids) throws IOException {
    out.open(ids);
    textChanged = false;
    searched = start;
    int from = start; // what lies before is encoded
    int window = windowBytes;
    while (from < end) {
      int limit = end - searched > window ? searched + window : end;
      int token = nextAddedToken(utf8, limit, end);
      if (token < 0) {
        int cut = limit == end ? end : cut(utf8, from, limit);
        encodeText(utf8, from, cut);
        window = cut == from ? Math.min(2 * window, LARGEST_WINDOW) : windowBytes;
        from = cut;
        continue;
      }
      AddedTokens.Entry entry = addedTokens.entry(token);
      int after = searched + entry.bytes().length;
      if (!entry.skipped()) {
        encodeText(utf8, from, searched);
        out.add(entry.id());
        from = after;
      }
      searched = after;
    }
    out.flush();
  }

  /**
   * The first added token that begins below the limit, or -1; {@link #searched} moves to where it
   * begins, or to the limit.
   */
  private int nextAddedToken(byte[] utf8, int limit, int end) {
    while (searched < limit) {
      searched = addedTokens.candidate(utf8, searched, limit);
      int token = searched < limit ? addedTokens.longestAt(utf8, searched, end) : -1;
      if (token >= 0) {
        return token;
      }
      searched = Math.min(searched + 1, limit);
    }
    return -1;
  }

  @Override
  public Optional<EncodedText> encodeWithOffsets(String text) {
    if (!bpe.keepsOffsets()) {
      return Optional.empty();
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    IdList ids = new IdList(utf8.length / 3);
    try {
      encode(utf8, 0, utf8.length, ids);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return textChanged ? Optional.empty() : Optional.of(offsets(utf8, ids.toArray()));
  }

  /** Ids in a row cover the bytes in a row; a part of a character counts as all of it. */
  private EncodedText offsets(byte[] utf8, int[] ids) {
    Utf16Positions positions = new Utf16Positions(utf8);
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    int at = 0;
    for (int i = 0; i < ids.length; i++) {
      starts[i] = positions.start(at);
      at += bpe.byteLength(ids[i]);
      ends[i] = positions.end(at);
    }
    return new EncodedText(ids, starts, ends);
  }

  private void encodeText(byte[] utf8, int from, int end) throws IOException {
    int active = bpe.normalizes() ? nfc.firstActive(utf8, from, end) : end;
    if (active == end) {
      words.encode(utf8, from, end, out);
      return;
    }
    nfc.normalize(utf8, from, end, active);
    textChanged |= !Arrays.equals(utf8, from, end, nfc.bytes(), 0, nfc.length());
    words.encode(nfc.bytes(), 0, nfc.length(), out);
  }

  /** The last place in (from, limit) behind a letter and before none, or {@code from}. */
  private static int cut(byte[] utf8, int from, int limit) {
    int at = limit;
    while ((utf8[at] & 0xC0) == 0x80) {
      at--;
    }
    NfcTables nfc = NfcTables.tables();
    int right = Utf8.codePoint(utf8, at);
    while (at > from) {
      int before = Utf8.before(utf8, at);
      int left = Utf8.codePoint(utf8, before);
      if (CharacterClasses.of(left) == CharacterClasses.LETTER
          && CharacterClasses.of(right) != CharacterClasses.LETTER
          && !nfc.isActive(left)
          && !nfc.isActive(right)) {
        return at;
      }
      at = before;
      right = left;
    }
    return from;
  }
}
