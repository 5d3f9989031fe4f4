package dev.anneal.core.io;

import java.io.IOException;
import java.io.OutputStream;

/** The body of one file, written into the stream of {@link FileStore#write}. */
@FunctionalInterface
public interface StoreWriter {
  void writeTo(OutputStream out) throws IOException;
}
