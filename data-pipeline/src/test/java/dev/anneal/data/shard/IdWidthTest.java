package dev.anneal.data.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.data.ShardManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class IdWidthTest {
  @Test
  void takesTwoBytesUpTo65536Ids() {
    assertThat(IdWidth.of(1)).isEqualTo(IdWidth.UINT16);
    assertThat(IdWidth.of(65_536)).isEqualTo(IdWidth.UINT16);
    assertThat(IdWidth.of(65_537)).isEqualTo(IdWidth.INT32);
    assertThatThrownBy(() -> IdWidth.of(0)).hasMessage("Invalid vocabulary size: 0 (must be > 0)");
  }

  @Test
  void writesTheLargestIdsAndRefusesLargerOnes() throws IOException {
    MemoryFiles files = new MemoryFiles();
    LittleEndianFile file = LittleEndianFile.create(files, "x");
    file.ids(new int[] {65_535, 1, 9}, 2, IdWidth.UINT16);
    file.ids(new int[] {Integer.MAX_VALUE}, 1, IdWidth.INT32);
    assertThatThrownBy(() -> file.ids(new int[] {65_536}, 1, IdWidth.UINT16))
        .hasMessage("Invalid id: 65536 (must be in [0, 65536))");
    assertThatThrownBy(() -> file.ids(new int[] {-1}, 1, IdWidth.INT32))
        .hasMessage("Invalid id: -1 (must be >= 0)");
    file.finish(ShardManifest.Counts.ZERO);
    assertThat(files.bytes("x"))
        .isEqualTo(MemoryFiles.littleEndian((short) -1, (short) 1, Integer.MAX_VALUE));
  }

  @Test
  void writesLongRunsOfIds() throws IOException {
    int[] ids = new int[10_001];
    java.util.Arrays.setAll(ids, i -> i);
    MemoryFiles files = new MemoryFiles();
    LittleEndianFile file = LittleEndianFile.create(files, "x");
    file.ids(ids, ids.length, IdWidth.INT32);
    file.finish(ShardManifest.Counts.ZERO);
    int[] read = new int[ids.length];
    ByteBuffer.wrap(files.bytes("x")).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(read);
    assertThat(read).isEqualTo(ids);
  }
}
