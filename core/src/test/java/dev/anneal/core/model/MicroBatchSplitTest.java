package dev.anneal.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.TokenRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MicroBatchSplitTest {
  /** Rows whose ids count up through the batch; every third position has no target. */
  private static MicroBatch batch(int... lengths) {
    List<TokenRow> rows = new ArrayList<>();
    int id = 0;
    for (int length : lengths) {
      int[] ids = new int[length];
      int[] labels = new int[length];
      for (int i = 0; i < length; i++, id++) {
        ids[i] = id;
        labels[i] = id % 3 == 0 ? TokenRow.IGNORE_INDEX : id;
      }
      rows.add(new TokenRow(ids, labels, new int[] {length}));
    }
    return MicroBatch.of(rows, 7);
  }

  private static List<long[]> lengths(List<MicroBatch> parts) {
    return parts.stream().map(MicroBatch::sequenceLengths).toList();
  }

  @Test
  void dealsSamplesToPartsOfEqualLength() {
    List<MicroBatch> parts = MicroBatchSplit.of(batch(5, 9, 4, 8), 2);
    assertThat(lengths(parts)).containsExactly(new long[] {9, 4}, new long[] {5, 8});
  }

  @Test
  void keepsEverySampleWithItsPositionsTargetsAndKey() {
    MicroBatch whole = batch(5, 9, 4, 8);
    MicroBatch part = MicroBatchSplit.of(whole, 2).get(1);
    assertThat(part.tokenIds()).containsExactly(0, 1, 2, 3, 4, 18, 19, 20, 21, 22, 23, 24, 25);
    assertThat(part.positionIds()).containsExactly(0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(part.sampleKeys()).containsExactly(whole.sampleKeys()[0], whole.sampleKeys()[3]);
    for (int i = 0; i < part.targetCount(); i++) {
      long id = part.tokenIds()[(int) part.targetRows()[i]];
      assertThat(part.targets()[i]).as("target after %d", id).isEqualTo(id + 1);
    }
    int targets = MicroBatchSplit.of(whole, 2).stream().mapToInt(MicroBatch::targetCount).sum();
    assertThat(targets).isEqualTo(whole.targetCount());
  }

  @ParameterizedTest
  @CsvSource({
    "1, 4 4 4 4, 1",
    "4, 4 4 4 4, 4",
    "8, 4 4 4 4, 4",
    "6, 4 4 4 4, 2", // three parts would hold 8, 4 and 4
    "2, 100 10 10, 1", // one thread would wait for the other
    "2, 64, 1",
    "16, 1 1, 2",
  })
  void takesAsManyPartsAsDivideTheThreadsAndBalance(int most, String lengths, int parts) {
    int[] samples = Arrays.stream(lengths.split(" ")).mapToInt(Integer::parseInt).toArray();
    assertThat(MicroBatchSplit.of(batch(samples), most)).hasSize(parts);
  }

  @Test
  void splitsThePackedSamplesOfOneRow() {
    TokenRow row = new TokenRow(new int[12], new int[12], new int[] {6, 6});
    List<MicroBatch> parts = MicroBatchSplit.of(MicroBatch.of(List.of(row), 3), 2);
    assertThat(lengths(parts)).containsExactly(new long[] {6}, new long[] {6});
    assertThat(parts.get(1).sampleKeys()).containsExactly(3 * 65_536L + 1);
  }

  @Test
  void aPartMayBeWithoutTargets() {
    TokenRow silent = new TokenRow(new int[4], filled(4), new int[] {4});
    TokenRow said = new TokenRow(new int[4], new int[4], new int[] {4});
    List<MicroBatch> parts = MicroBatchSplit.of(MicroBatch.of(List.of(silent, said), 0), 2);
    assertThat(parts).extracting(MicroBatch::targetCount).containsExactly(0, 3);
  }

  private static int[] filled(int length) {
    int[] labels = new int[length];
    Arrays.fill(labels, TokenRow.IGNORE_INDEX);
    return labels;
  }
}
