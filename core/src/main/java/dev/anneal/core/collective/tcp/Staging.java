package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.FloatAdder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Where values wait between the socket and their sum: a piece of memory that fits the cache. */
record Staging(ByteBuffer bytes, FloatAdder adder) {
  private static final int BYTES = 256 << 10;

  static Staging allocate() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());
    return new Staging(bytes, new FloatAdder());
  }
}
