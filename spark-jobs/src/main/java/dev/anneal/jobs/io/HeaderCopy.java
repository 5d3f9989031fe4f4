package dev.anneal.jobs.io;

import dev.anneal.core.io.BufferedRanges;
import dev.anneal.core.io.FileRanges;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Copies the header of a safetensors file and leaves a hole of the right size where the values are:
 * a reader of headers finds all it checks, and hardly a byte travels or lies on the disk. Who needs
 * values must not be given such a file. Immutable.
 */
record HeaderCopy(HadoopFileStore store, String path, long bytes) implements HostCache.Copy {
  /** What a header may be: as the reader of safetensors has it. */
  private static final long MOST = 100_000_000;

  private static final int HEADER_BYTES = 1 << 16;

  @Override
  public void to(Path target) throws IOException {
    try (FileRanges there = new BufferedRanges(store.ranges(path), HEADER_BYTES);
        RandomAccessFile here = new RandomAccessFile(target.toFile(), "rw")) {
      if (bytes >= Long.BYTES) {
        ByteBuffer length = read(there, 0, Long.BYTES);
        long header = Math.max(0, Math.min(MOST, length.getLong(0)));
        int wanted = (int) Math.min(bytes, Long.BYTES + header);
        here.write(read(there, 0, wanted).array());
      } else {
        here.write(read(there, 0, (int) bytes).array());
      }
      here.setLength(bytes);
    }
  }

  private static ByteBuffer read(FileRanges file, long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    file.read(position, bytes);
    return bytes.rewind();
  }
}
