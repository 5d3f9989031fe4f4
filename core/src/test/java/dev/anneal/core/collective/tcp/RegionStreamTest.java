package dev.anneal.core.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import dev.anneal.core.tensor.FloatRegion;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegionStreamTest {
  /** Windows are only addressed here, never read: the memory does not exist. */
  @Test
  void walksRegionsLargerThanABuffer() {
    long base = 1L << 32;
    RegionStream stream =
        new RegionStream(
            List.of(new FloatRegion(base, 3_000_000_000L), new FloatRegion(base, 0), region(5)));
    assertThat(stream.remaining()).isEqualTo(12_000_000_020L);
    stream.advance(11_999_999_998L);
    assertThat(stream.window(100).remaining()).isEqualTo(2);
    assertThat(Pointer.nativeValue(Native.getDirectBufferPointer(stream.window(100))))
        .isEqualTo(base + 11_999_999_996L);
    stream.advance(2);
    assertThat(stream.contiguous(100)).isEqualTo(20);
    stream.advance(20);
    assertThat(stream.done()).isTrue();
  }

  @Test
  void emptyRegionsAreDoneAtOnce() {
    assertThat(new RegionStream(List.of()).done()).isTrue();
    assertThat(new RegionStream(List.of(new FloatRegion(0, 0))).done()).isTrue();
  }

  private static FloatRegion region(int length) {
    return new FloatRegion(1L << 40, length);
  }
}
