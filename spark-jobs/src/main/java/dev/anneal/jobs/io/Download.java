package dev.anneal.jobs.io;

import dev.anneal.core.data.InvalidShardException;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Copies a whole file from a store, and checks on the way what is known of it. Immutable.
 *
 * @param path of the file there
 * @param bytes that the store lists
 * @param sha256 that a manifest promises
 */
record Download(HadoopFileStore store, String path, long bytes, Optional<String> sha256)
    implements HostCache.Copy {
  private static final int BUFFER_BYTES = 1 << 20;

  @Override
  public void to(Path target) throws IOException {
    Sha256 sha = new Sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    long copied = 0;
    try (InputStream in = store.open(path);
        FileChannel out =
            FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (sha256.isPresent()) {
          sha.update(buffer, 0, read);
        }
        ByteBuffer chunk = ByteBuffer.wrap(buffer, 0, read);
        while (chunk.hasRemaining()) {
          out.write(chunk);
        }
        copied += read;
      }
    }
    if (copied != bytes) {
      throw new InvalidShardException(
          "Cannot read " + path + ": " + copied + " bytes came (the store lists " + bytes + ")");
    }
    if (sha256.isPresent() && !sha.hex().equals(sha256.get())) {
      throw new InvalidShardException(
          "Cannot read " + path + ": its sha256 differs from the manifest's");
    }
  }
}
