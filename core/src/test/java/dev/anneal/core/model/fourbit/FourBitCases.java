package dev.anneal.core.model.fourbit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.format.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.StreamSupport;

/** What bitsandbytes gave, by interop/fixtures/make_four_bit.py, and its matrices. */
public final class FourBitCases {
  private static final Path FILE = Path.of("src/test/resources/fourbit/four-bit.json");

  private FourBitCases() {}

  /** One matrix in one type. */
  public record Case(JsonNode recorded) {
    public FourBitType type() {
      return FourBitType.valueOf(recorded.get("type").asText());
    }

    public long[] shape() {
      return new long[] {recorded.get("rows").asLong(), recorded.get("columns").asLong()};
    }

    public DType dtype() {
      return DType.valueOf(recorded.get("dtype").asText());
    }

    /** The formula of the script: each is exact in the case's type. */
    public float[] values() {
      float[] values = new float[Math.toIntExact(shape()[0] * shape()[1])];
      int zeros = recorded.get("zeros").asInt();
      for (int i = 0; i < values.length; i++) {
        if (zeros == 0 || i / 64 % zeros != 0) {
          values[i] = value(i);
        }
      }
      return values;
    }

    private float value(int index) {
      long h = (index + 1) * 0x9E3779B97F4A7C15L;
      h = (h ^ h >>> 30) * 0xBF58476D1CE4E5B9L;
      h = (h ^ h >>> 27) * 0x94D049BB133111EBL;
      h ^= h >>> 31;
      long sum = (h & 0xffff) + (h >>> 16 & 0xffff) + (h >>> 32 & 0xffff) + (h >>> 48) - 131070;
      if (dtype() == DType.F16) {
        sum >>= 7;
      }
      float value = Math.scalb((float) sum, recorded.get("exponent").asInt());
      return dtype() == DType.BF16
          ? Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000)
          : value;
    }

    /** Asserts one of the recorded results. */
    public void require(String result, byte[] actual) {
      requireRecorded(recorded.get(result), this + " " + result, actual);
    }

    public void require(String result, float... actual) {
      require(result, bytes(actual));
    }

    @Override
    public String toString() {
      return type() + " " + shape()[0] + "x" + shape()[1] + " " + dtype();
    }
  }

  public static List<Case> all() throws IOException {
    JsonNode cases = new ObjectMapper().readTree(FILE.toFile()).get("cases");
    return StreamSupport.stream(cases.spliterator(), false).map(Case::new).toList();
  }

  static void requireTable(String name, float[] actual) throws IOException {
    JsonNode tables = new ObjectMapper().readTree(FILE.toFile()).get("tables");
    requireRecorded(tables.get(name), name, bytes(actual));
  }

  private static void requireRecorded(JsonNode recorded, String what, byte[] actual) {
    if (recorded.has("bytes")) {
      assertThat(HexFormat.of().formatHex(actual))
          .as(what)
          .isEqualTo(recorded.get("bytes").asText());
    }
    assertThat(sha256(actual)).as(what).isEqualTo(recorded.get("sha256").asText());
  }

  private static byte[] bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
