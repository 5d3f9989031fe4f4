package dev.anneal.jobs.tokenize.staging;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.CRC32C;

/** A staged file while it is written, with what is needed to know it again. One thread. */
final class CheckedFile extends OutputStream {
  private final String path;
  private final OutputStream out;
  private final CRC32C crc = new CRC32C();
  private long bytes;

  /** With the path for messages. */
  CheckedFile(String path, OutputStream out) {
    this.path = path;
    this.out = out;
  }

  /** Size and checksum of a file. */
  record Check(long bytes, long crc32c) {
    static Check of(InputStream in) throws IOException {
      CRC32C crc = new CRC32C();
      byte[] buffer = new byte[1 << 18];
      long bytes = 0;
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        crc.update(buffer, 0, read);
        bytes += read;
      }
      return new Check(bytes, crc.getValue());
    }
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    try {
      out.write(source, offset, length);
    } catch (IOException e) {
      throw unwritable(e);
    }
    crc.update(source, offset, length);
    bytes += length;
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private IOException unwritable(IOException cause) {
    return new IOException("Cannot write " + path + ": " + cause.getMessage(), cause);
  }

  Check check() {
    return new Check(bytes, crc.getValue());
  }
}
