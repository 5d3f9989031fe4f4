package dev.anneal.data.tokenize.bpe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.data.tokenize.bpe.AddedTokens.Entry;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The tables of the hot path, each by itself. */
class PartsTest {
  @Test
  void addedTokensMatchTheLongestAtTheLeftmostPlace() {
    AddedTokens tokens =
        new AddedTokens(List.of(token("<|a|>", 7), token("<|a|>b", 8), token("<|", 9)));
    byte[] text = bytes("x <|a|>b<|a|><|b");
    assertThat(tokens.candidate(text, 0, text.length)).isEqualTo(2);
    assertThat(tokens.entry(tokens.longestAt(text, 2, text.length)).id()).isEqualTo(8);
    assertThat(tokens.entry(tokens.longestAt(text, 2, 7)).id()).isEqualTo(7);
    assertThat(tokens.entry(tokens.longestAt(text, 13, text.length)).id()).isEqualTo(9);
    assertThat(tokens.longestAt(text, 0, text.length)).isEqualTo(-1);
    assertThat(tokens.candidate(text, 14, text.length)).isEqualTo(text.length);
  }

  @Test
  void findsCandidatesOfOneAndOfManyStartsAtEveryPlace() {
    AddedTokens one = new AddedTokens(List.of(token("<x>", 0)));
    AddedTokens many = new AddedTokens(List.of(token("<x>", 0), token("\u706f", 1)));
    AddedTokens none = new AddedTokens(List.of());
    for (int at = 0; at < 40; at++) {
      byte[] text = bytes("\u00bc=;~\u3c3c".repeat(10).substring(0, 40));
      text[at] = '<';
      assertThat(one.candidate(text, 0, text.length)).isEqualTo(at);
      assertThat(many.candidate(text, 0, text.length)).isEqualTo(at);
      assertThat(one.candidate(text, 0, at)).isEqualTo(at);
      assertThat(none.candidate(text, 0, text.length)).isEqualTo(text.length);
    }
  }

  @Test
  void mergesTableKnowsItsPairsAndNoOthers() {
    int count = 5_000;
    int[] lefts = IntStream.range(0, count).toArray();
    int[] rights = IntStream.range(0, count).map(i -> i * 31 % count).toArray();
    int[] merged = IntStream.range(0, count).map(i -> count + i).toArray();
    for (int ids : new int[] {2 * count, MergeTable.MAX_IDS}) {
      MergeTable table = new MergeTable(lefts, rights, merged, ids);
      for (int i = 0; i < count; i++) {
        assertThat(table.rank(lefts[i], rights[i])).isEqualTo(i);
        assertThat(table.rank(lefts[i], rights[i] + 1)).isEqualTo(MergeTable.NONE);
      }
    }
    assertThatThrownBy(() -> new MergeTable(lefts, rights, merged, MergeTable.MAX_IDS + 1))
        .hasMessage("Invalid merges: 5000 of 1048577 ids (must fit 20 and 23 bits)");
  }

  @Test
  void ofAPairListedTwiceTheLaterRankHolds() {
    MergeTable table = new MergeTable(new int[] {1, 1}, new int[] {2, 2}, new int[] {3, 3}, 4);
    assertThat(table.rank(1, 2)).isEqualTo(1);
  }

  @Test
  void keysOfWordsAreExactAndTheSameNearTheEndOfAnArray() {
    byte[] text = bytes("abcdefghijklmnopqrstuvwxyz0123456789");
    for (int length = 1; length <= WordKeys.MAX_LENGTH; length++) {
      byte[] alone = bytes(new String(text, 0, length, StandardCharsets.UTF_8));
      assertThat(WordKeys.first(text, 0, length)).isEqualTo(WordKeys.first(alone, 0, length));
      assertThat(WordKeys.second(text, 0, length)).isEqualTo(WordKeys.second(alone, 0, length));
    }
    byte[] zero = {0, 0};
    assertThat(WordKeys.second(zero, 0, 1)).isNotEqualTo(WordKeys.second(zero, 0, 2));
  }

  @Test
  void cacheGivesBackWhatItKeepsAndForgetsTheRest() {
    WordCache cache = new WordCache();
    int[] ids = {0, 1, 1_048_575, 3, 1_000_000, 5};
    for (int count = 1; count <= WordCache.MAX_IDS; count++) {
      cache.put(count, 1L << 56, ids, 0, count);
      int found = cache.find(count, 1L << 56);
      int[] copy = new int[WordCache.MAX_IDS];
      cache.copy(found, copy, 0);
      assertThat(cache.count(found)).isEqualTo(count);
      assertThat(cache.firstId(found)).isEqualTo(ids[0]);
      assertThat(copy).startsWith(Arrays.copyOf(ids, count));
    }
    assertThat(cache.find(1, 2L << 56)).isEqualTo(-1);
    for (int i = 0; i < 100_000; i++) {
      cache.put(1_000 + i, 1L << 56, ids, 0, 1);
      assertThat(cache.find(1_000 + i, 1L << 56)).isNotEqualTo(-1);
    }
    assertThat(cache.find(1, 1L << 56)).isEqualTo(-1);
  }

  @Test
  void seamsAreCrossedWhereATokenRunsAcross() {
    TokenSeams seams = new TokenSeams();
    seams.add(bytes("\u5b88\u706f"));
    seams.add(Arrays.copyOf(bytes("\uff0c\u4f60"), 4)); // a comma and a first byte
    seams.add(Arrays.copyOfRange(bytes("\u4e00\u6e90"), 2, 6)); // a last byte, then a whole
    assertThat(crossed(seams, "\u5b88\u706f")).isTrue();
    assertThat(crossed(seams, "\u706f\u5b88")).isFalse();
    assertThat(crossed(seams, "\uff0c\u4e2d")).isTrue(); // the same first byte
    assertThat(crossed(seams, "\uff0ca")).isFalse();
    assertThat(crossed(seams, "\u5b80\u6e90")).isTrue(); // the same last byte
    assertThat(crossed(seams, "\u4e01\u6e90")).isFalse();
  }

  private static boolean crossed(TokenSeams seams, String pair) {
    byte[] utf8 = bytes(pair);
    return seams.crossed(utf8, Utf8.length(utf8[0]), pair.codePointAt(0), pair.codePointAt(1));
  }

  private static Entry token(String content, int id) {
    return new Entry(bytes(content), id, false);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
