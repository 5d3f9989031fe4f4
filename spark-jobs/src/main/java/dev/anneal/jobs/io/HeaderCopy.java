package dev.anneal.jobs.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.io.BufferedRanges;
import dev.anneal.core.io.FileRanges;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/**
 * Copies the header of a safetensors file and leaves a hole of the right size where the values are:
 * a reader of headers finds all it checks, and hardly a byte travels or lies on the disk. Who needs
 * other values than those named must not be given such a file. Immutable.
 *
 * @param values tensors that come whole, where the file has all that {@code together} asks for
 * @param together whether they come only if all of them are in this file
 */
record HeaderCopy(
    HadoopFileStore store, String path, long bytes, List<String> values, boolean together)
    implements HostCache.Copy {
  /** What a header may be: as the reader of safetensors has it. */
  private static final long MOST = 100_000_000;

  private static final int HEADER_BYTES = 1 << 16;
  private static final int CHUNK_BYTES = 1 << 22;

  HeaderCopy {
    values = List.copyOf(values);
  }

  @Override
  public void to(Path target) throws IOException {
    try (FileRanges there = new BufferedRanges(store.ranges(path), HEADER_BYTES);
        RandomAccessFile here = new RandomAccessFile(target.toFile(), "rw")) {
      if (bytes < Long.BYTES) {
        here.write(read(there, 0, (int) bytes).array());
        return;
      }
      long header = Math.max(0, Math.min(MOST, read(there, 0, Long.BYTES).getLong(0)));
      int wanted = (int) Math.min(bytes, Long.BYTES + header);
      byte[] start = read(there, 0, wanted).array();
      here.write(start);
      here.setLength(bytes);
      copyValues(there, here, start);
    }
  }

  private void copyValues(FileRanges there, RandomAccessFile here, byte[] start)
      throws IOException {
    JsonNode header;
    try {
      header = new ObjectMapper().readTree(start, Long.BYTES, start.length - Long.BYTES);
    } catch (JsonProcessingException e) {
      return; // whoever reads the header says what is wrong with it
    }
    if (together && !values.stream().allMatch(header::has)) {
      return;
    }
    for (String name : values) {
      JsonNode range = header.path(name).path("data_offsets");
      long at = start.length + Math.max(0, range.path(0).asLong());
      long end = Math.min(bytes, start.length + range.path(1).asLong());
      while (at < end) {
        int length = (int) Math.min(CHUNK_BYTES, end - at);
        here.seek(at);
        here.write(read(there, at, length).array());
        at += length;
      }
    }
  }

  private static ByteBuffer read(FileRanges file, long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    file.read(position, bytes);
    return bytes.rewind();
  }
}
