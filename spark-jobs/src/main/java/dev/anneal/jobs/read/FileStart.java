package dev.anneal.jobs.read;

import dev.anneal.data.config.InputConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What the first bytes of a file say about its format, for files whose names say nothing: the parts
 * of a table have no ending. Stateless.
 */
public final class FileStart {
  private static final int BYTES = 6;

  private FileStart() {}

  /** The format of a container that marks its start; empty for anything else. */
  public static Optional<InputConfig.Format> format(FileSystem fileSystem, Path path)
      throws IOException {
    byte[] start;
    try (InputStream in = fileSystem.open(path)) {
      start = in.readNBytes(BYTES);
    }
    if (starts(start, "PAR1")) {
      return Optional.of(InputConfig.Format.PARQUET);
    }
    if (starts(start, "ORC")) {
      return Optional.of(InputConfig.Format.ORC);
    }
    byte[] stream = {-1, -1, -1, -1};
    boolean arrow =
        starts(start, "ARROW1") || (start.length >= 4 && Arrays.equals(start, 0, 4, stream, 0, 4));
    return arrow ? Optional.of(InputConfig.Format.ARROW) : Optional.empty();
  }

  private static boolean starts(byte[] start, String magic) {
    byte[] expected = magic.getBytes(StandardCharsets.US_ASCII);
    return start.length >= expected.length
        && Arrays.equals(start, 0, expected.length, expected, 0, expected.length);
  }
}
