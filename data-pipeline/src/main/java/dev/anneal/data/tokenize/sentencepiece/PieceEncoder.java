package dev.anneal.data.tokenize.sentencepiece;

import dev.anneal.data.text.EightBytes;
import dev.anneal.data.tokenize.bpe.IdOutput;
import dev.anneal.data.tokenize.bpe.Utf8;
import dev.anneal.data.tokenize.bpe.WordCache;
import dev.anneal.data.tokenize.bpe.WordKeys;
import dev.anneal.data.tokenize.bpe.WordTable;
import java.io.IOException;

/**
 * Turns a text without added tokens into ids: cut into pieces that no merge can cross, each piece
 * from the cache or by merging. Confined to one thread.
 */
final class PieceEncoder {
  /** A longer piece's buffers are not kept. */
  private static final int KEPT_PIECE = 1 << 20;

  /** Pieces are short and many: 2 MB of them beat merging anew. */
  private static final int CACHE_BUCKET_BITS = 15;

  private final PieceModel model;
  private final Characters characters;
  private final Joints joints;
  private final PieceMerger merger;
  private final WordTable wholePieces;
  private final PieceCache shortest = new PieceCache();
  private final WordCache cache = new WordCache(CACHE_BUCKET_BITS);
  private byte[] prefixed = new byte[64];

  PieceEncoder(PieceModel model) {
    this.model = model;
    this.characters = model.characters();
    this.joints = model.joints();
    this.merger = new PieceMerger(model);
    this.wholePieces = model.wholePieces();
  }

  /** Encodes a text as if a space stood before it. */
  void encodePrefixed(byte[] utf8, int from, int end, IdOutput out) throws IOException {
    int first = joins(' ', Utf8.codePoint(utf8, from)) ? pieceEnd(utf8, from, end) : from;
    int length = 1 + first - from;
    if (length > prefixed.length) {
      prefixed = new byte[Math.max(length, 2 * prefixed.length)];
    }
    prefixed[0] = ' ';
    System.arraycopy(utf8, from, prefixed, 1, first - from);
    encode(prefixed, 0, length, out);
    if (prefixed.length > KEPT_PIECE) {
      prefixed = new byte[64];
    }
    encode(utf8, first, end, out);
  }

  void encode(byte[] utf8, int from, int end, IdOutput out) throws IOException {
    int lastWhole = Math.min(end, utf8.length - Long.BYTES);
    int at = from;
    while (at < end) {
      int length = at < lastWhole ? shortAscii(utf8, at, end, out) : 0;
      at = length > 0 ? at + length : anyPiece(utf8, at, end, out);
    }
  }

  /**
   * Most pieces of most texts: a character of ASCII, or a space or letter with letters behind it,
   * before a character of ASCII that is not joined to it. Eight bytes are looked at together.
   *
   * @return the piece's length, 0 for any other piece
   */
  private int shortAscii(byte[] utf8, int from, int end, IdOutput out) throws IOException {
    long bytes = EightBytes.at(utf8, from);
    int lead = (byte) bytes;
    int length = 1;
    if (lead == ' ' || isLetter(lead)) {
      long others = Utf8.notAsciiLetters(bytes) & ~0xFFL;
      length = Long.numberOfTrailingZeros(others) >>> 3; // 8 where all are letters
    }
    if (lead < 0 || length == Long.BYTES || from + length >= end) {
      return 0;
    }
    int last = utf8[from + length - 1];
    int next = utf8[from + length];
    if (next < 0 || joints.joinsAscii(last, next)) {
      return 0;
    }
    if (length == 1) {
      out.add(model.asciiId(lead));
      return 1;
    }
    long key = PieceCache.key(bytes, length);
    if (!shortest.write(key, out)) {
      int count = ids(utf8, from, from + length);
      shortest.put(key, merger.ids(), count);
      out.add(merger.ids(), count);
    }
    return length;
  }

  /** Encodes the piece that starts here; answers where it ends. */
  private int anyPiece(byte[] utf8, int at, int end, IdOutput out) throws IOException {
    int next = pieceEnd(utf8, at, end);
    byte lead = utf8[at];
    if (lead >= 0 && next - at == 1) {
      out.add(model.asciiId(lead));
    } else if (lead < 0 && next - at == Utf8.length(lead)) {
      character(utf8, at, next, out);
    } else if (next - at <= WordKeys.MAX_LENGTH) {
      shortPiece(utf8, at, next, out);
    } else {
      longPiece(utf8, at, next, out);
    }
    return next;
  }

  /**
   * Where the piece ends that starts here: before the next character that nothing joins to it. A
   * piece may be longer than it need be: letters are never parted, which makes them quick to pass.
   */
  private int pieceEnd(byte[] utf8, int from, int end) {
    int left = utf8[from];
    if (left < 0) {
      return endByCharacters(utf8, from, end);
    }
    int at = from + 1;
    while (true) {
      if (isLetter(left)) {
        at = lettersEnd(utf8, at, end);
        left = utf8[at - 1];
      }
      if (at >= end) {
        return end;
      }
      int right = utf8[at];
      if (right < 0) {
        return joins(left, Utf8.codePoint(utf8, at)) ? endByCharacters(utf8, at, end) : at;
      }
      if (!joints.joinsAscii(left, right)) {
        return at;
      }
      left = right;
      at++;
    }
  }

  private static boolean isLetter(int ascii) {
    int folded = (ascii | 0x20) - 'a';
    return folded >= 0 && folded < 26;
  }

  private static int lettersEnd(byte[] utf8, int from, int end) {
    int at = from;
    while (at + Long.BYTES <= utf8.length) {
      long others = Utf8.notAsciiLetters(EightBytes.at(utf8, at));
      if (others != 0) {
        return Math.min(end, at + (Long.numberOfTrailingZeros(others) >>> 3));
      }
      at += Long.BYTES;
    }
    while (at < end && isLetter(utf8[at])) {
      at++;
    }
    return Math.min(end, at);
  }

  private int endByCharacters(byte[] utf8, int from, int end) {
    int left = Utf8.codePoint(utf8, from);
    int at = from + Utf8.length(utf8[from]);
    while (at < end) {
      int right = Utf8.codePoint(utf8, at);
      if (!joins(left, right)) {
        break;
      }
      left = right;
      at += Utf8.length(utf8[at]);
    }
    return at;
  }

  private boolean joins(int left, int right) {
    return Characters.endsLeft(characters.entry(left))
        && Characters.startsRight(characters.entry(right))
        && joints.joins(left, right);
  }

  /** A piece of one character that is not ASCII. */
  private void character(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    int id = Characters.id(characters.entry(Utf8.codePoint(utf8, from)));
    if (id != Characters.NO_ID) {
      out.add(id);
      return;
    }
    for (int at = from; at < to; at++) {
      out.add(model.byteId(utf8[at]));
    }
  }

  private void shortPiece(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    long first = WordKeys.first(utf8, from, to);
    long second = WordKeys.second(utf8, from, to);
    int found = cache.find(first, second);
    if (found < 0) {
      int count = ids(utf8, from, to);
      if (count <= WordCache.MAX_IDS) {
        cache.put(first, second, merger.ids(), 0, count);
      }
      out.add(merger.ids(), count);
    } else if (cache.count(found) == 1) {
      out.add(cache.firstId(found));
    } else {
      out.add(cache, found);
    }
  }

  /** Leaves the ids of a short piece in the merger; returns their number. */
  private int ids(byte[] utf8, int from, int to) {
    int whole =
        wholePieces.shortWord(WordKeys.first(utf8, from, to), WordKeys.second(utf8, from, to));
    if (whole < 0) {
      return merger.merge(utf8, from, to);
    }
    merger.ids()[0] = whole;
    return 1;
  }

  private void longPiece(byte[] utf8, int from, int to, IdOutput out) throws IOException {
    int count = merger.merge(utf8, from, to);
    out.add(merger.ids(), count);
    merger.trim(KEPT_PIECE);
  }
}
