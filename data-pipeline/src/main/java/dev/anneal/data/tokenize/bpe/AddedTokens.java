package dev.anneal.data.tokenize.bpe;

import dev.anneal.data.text.EightBytes;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Finds added tokens in raw text: at the leftmost place the longest. A trie over bytes, its edges
 * in one open-addressed table, for a vocabulary may have thousands that begin alike. Immutable.
 */
public final class AddedTokens {
  /** An added token: its bytes in a text, its id, and whether texts may not match it. */
  public record Entry(byte[] bytes, int id, boolean skipped) {}

  private static final int GOLDEN = 0x9E3779B9;

  private final boolean[] starts = new boolean[256];
  private final boolean oneStart;
  private final long startPattern;
  private final List<Entry> entries;
  private final int[] edges; // node << 8 | byte, then the child; two ints an edge, 0 is empty
  private final int[] entryOfNode; // index + 1
  private final int hashShift;
  private int nodes = 1;

  public AddedTokens(List<Entry> entries) {
    this.entries = List.copyOf(entries);
    int bytes = 1 + entries.stream().mapToInt(entry -> entry.bytes().length).sum();
    int bits = Math.max(4, Integer.SIZE - Integer.numberOfLeadingZeros(bytes * 2));
    hashShift = Integer.SIZE - bits;
    edges = new int[2 << bits];
    int[] marks = new int[bytes];
    for (int i = 0; i < entries.size(); i++) {
      byte[] content = entries.get(i).bytes();
      starts[content[0] & 0xFF] = true;
      int node = 0;
      for (byte b : content) {
        node = addChild(node, b);
      }
      marks[node] = i + 1;
    }
    oneStart = IntStream.range(0, starts.length).filter(i -> starts[i]).count() == 1;
    startPattern = oneStart ? (entries.get(0).bytes()[0] & 0xFFL) * EightBytes.ONES : 0;
    entryOfNode = Arrays.copyOf(marks, nodes);
  }

  /** First index in [from, limit) where some token may begin, else the limit. */
  public int candidate(byte[] utf8, int from, int limit) {
    int at = from;
    if (oneStart) {
      // Nearly all vocabularies: every added token begins with '<'. Eight bytes at a time.
      while (at + Long.BYTES <= limit) {
        long found = EightBytes.zeroBytes(EightBytes.at(utf8, at) ^ startPattern);
        if (found != 0) {
          return at + (Long.numberOfTrailingZeros(found) >>> 3);
        }
        at += Long.BYTES;
      }
    }
    while (at < limit && !starts[utf8[at] & 0xFF]) {
      at++;
    }
    return at;
  }

  /** Index of the longest token that begins here, or -1. */
  public int longestAt(byte[] utf8, int from, int end) {
    int longest = 0;
    int node = 0;
    for (int at = from; at < end; at++) {
      node = child(node, utf8[at]);
      if (node == 0) {
        break;
      }
      longest = entryOfNode[node] > 0 ? entryOfNode[node] : longest;
    }
    return longest - 1;
  }

  public Entry entry(int index) {
    return entries.get(index);
  }

  private int child(int node, byte b) {
    return edges[slot(node << Byte.SIZE | b & 0xFF) + 1];
  }

  private int addChild(int node, byte b) {
    int edge = node << Byte.SIZE | b & 0xFF;
    int slot = slot(edge);
    if (edges[slot + 1] == 0) {
      edges[slot] = edge;
      edges[slot + 1] = nodes++;
    }
    return edges[slot + 1];
  }

  private int slot(int edge) {
    int slot = (edge * GOLDEN >>> hashShift) * 2;
    while (edges[slot + 1] != 0 && edges[slot] != edge) {
      slot = slot + 2 & edges.length - 1;
    }
    return slot;
  }
}
