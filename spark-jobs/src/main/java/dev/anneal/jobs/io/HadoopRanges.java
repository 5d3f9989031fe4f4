package dev.anneal.jobs.io;

import dev.anneal.core.io.FileRanges;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.hadoop.fs.FSDataInputStream;

/** Ranges of a file that Hadoop reads. Thread-safe; owns the stream. */
record HadoopRanges(FSDataInputStream in, long size) implements FileRanges {

  @Override
  public void read(long position, ByteBuffer target) throws IOException {
    byte[] bytes = target.hasArray() ? target.array() : new byte[target.remaining()];
    int offset = target.hasArray() ? target.arrayOffset() + target.position() : 0;
    int length = target.remaining();
    in.readFully(position, bytes, offset, length);
    if (target.hasArray()) {
      target.position(target.position() + length);
    } else {
      target.put(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
