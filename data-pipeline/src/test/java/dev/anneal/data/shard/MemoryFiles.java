package dev.anneal.data.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Files of a sink under test, in memory. Confined to one test. */
public final class MemoryFiles implements ShardFileCreator {
  private final Map<String, ByteArrayOutputStream> files = new HashMap<>();

  @Override
  public OutputStream create(String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    files.put(name, out);
    return out;
  }

  public Set<String> names() {
    return files.keySet();
  }

  public byte[] bytes(String name) {
    return files.get(name).toByteArray();
  }

  /** Checks that what a sink says of its files is what is there. */
  public void require(List<ShardManifest.Shard> written) {
    assertThat(written.stream().map(ShardManifest.Shard::file))
        .containsExactlyInAnyOrderElementsOf(files.keySet());
    for (ShardManifest.Shard file : written) {
      assertThat(file.bytes()).isEqualTo(bytes(file.file()).length);
      assertThat(file.sha256()).isEqualTo(Sha256.of(bytes(file.file())));
    }
  }

  /** Bytes by hand: a Byte, Short, Integer or Long is little-endian, a String its ASCII. */
  public static byte[] littleEndian(Object... values) {
    ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    for (Object value : values) {
      if (value instanceof Byte number) {
        out.put(number);
      } else if (value instanceof Short number) {
        out.putShort(number);
      } else if (value instanceof Integer number) {
        out.putInt(number);
      } else if (value instanceof Long number) {
        out.putLong(number);
      } else {
        out.put(value.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      }
    }
    byte[] bytes = new byte[out.position()];
    out.flip().get(bytes);
    return bytes;
  }
}
