package dev.anneal.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RowPackerTest {

  @Test
  void packsAsTrlDoes() throws IOException {
    // Recorded by interop/fixtures/make_packing.py.
    try (InputStream in = RowPackerTest.class.getResourceAsStream("/packing/trl.json")) {
      JsonNode cases = new ObjectMapper().readTree(in);
      assertThat(cases.size()).isEqualTo(12);
      for (JsonNode node : cases) {
        RowPacker packer = packer(node.get("strategy").asText(), node.get("block_size").asInt());
        List<PackedRow> rows = packer.pack(ints(node.get("lengths")));
        assertThat(rows.stream().map(RowPackerTest::tokens).toList())
            .as("%s, block %s", node.get("strategy"), node.get("block_size"))
            .isEqualTo(lists(node.get("rows")));
        assertThat(node.has("seq_lengths")).isEqualTo(packer.keepsBoundaries());
        if (packer.keepsBoundaries()) {
          assertThat(rows.stream().map(RowPackerTest::lengths).toList())
              .isEqualTo(lists(node.get("seq_lengths")));
        }
      }
    }
  }

  @Property(tries = 200)
  void losesNoTokenAndOverfillsNoRow(
      @ForAll @Size(max = 60) List<@IntRange(min = 0, max = 30) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 12) int blockSize) {
    int[] samples = lengths.stream().mapToInt(Integer::intValue).toArray();
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < samples.length; i++) {
      for (int k = 0; k < samples[i]; k++) {
        all.add(1000 * i + k);
      }
    }
    for (RowPacker packer : List.of(BestFitRows.splitting(blockSize), new WrappedRows(blockSize))) {
      List<PackedRow> rows = packer.pack(samples);
      assertThat(rows).allMatch(row -> row.length() <= blockSize);
      assertThat(rows.stream().flatMap(row -> tokens(row).stream()).toList())
          .containsExactlyInAnyOrderElementsOf(all);
    }
    assertThat(new OneSampleRows().pack(samples).stream().flatMap(row -> tokens(row).stream()))
        .containsExactlyElementsOf(all);
  }

  @Test
  void refusesASampleLongerThanARow() {
    assertThatThrownBy(() -> BestFitRows.whole(4).pack(new int[] {5}))
        .hasMessage("Invalid sample length: 5 (must be <= 4)");
    assertThatThrownBy(() -> new WrappedRows(0)).hasMessage("Invalid block_size: 0 (must be > 0)");
  }

  @Property(tries = 200)
  void cutsAStreamIntoBlocks(
      @ForAll @IntRange(min = 0, max = 1000) int tokens,
      @ForAll @IntRange(min = 1, max = 50) int blockSize) {
    BlockPlan kept = new BlockPlan(tokens, blockSize, BlockPlan.Tail.KEEP);
    BlockPlan dropped = new BlockPlan(tokens, blockSize, BlockPlan.Tail.DROP);
    assertThat(total(kept)).isEqualTo(tokens);
    assertThat(total(dropped) + dropped.droppedTokens()).isEqualTo(tokens);
    assertThat(kept.droppedTokens()).isZero();
    assertThat(kept.rows() - dropped.rows()).isEqualTo(tokens % blockSize == 0 ? 0 : 1);
  }

  private static long total(BlockPlan plan) {
    long total = 0;
    for (long row = 0; row < plan.rows(); row++) {
      total += plan.rowLength(row);
    }
    return total;
  }

  private static RowPacker packer(String strategy, int blockSize) {
    return switch (strategy) {
      case "bfd" -> BestFitRows.whole(blockSize);
      case "bfd_split" -> BestFitRows.splitting(blockSize);
      default -> new WrappedRows(blockSize);
    };
  }

  private static List<Integer> tokens(PackedRow row) {
    List<Integer> tokens = new ArrayList<>();
    for (Piece piece : row.pieces()) {
      for (int k = 0; k < piece.length(); k++) {
        tokens.add(1000 * piece.sample() + piece.start() + k);
      }
    }
    return tokens;
  }

  private static List<Integer> lengths(PackedRow row) {
    return row.pieces().stream().map(Piece::length).toList();
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  private static List<List<Integer>> lists(JsonNode array) {
    List<List<Integer>> lists = new ArrayList<>();
    for (JsonNode row : array) {
      List<Integer> list = new ArrayList<>();
      row.forEach(value -> list.add(value.asInt()));
      lists.add(list);
    }
    return lists;
  }
}
