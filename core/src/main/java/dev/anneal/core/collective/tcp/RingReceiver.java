package dev.anneal.core.collective.tcp;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.collective.FloatAdder;
import dev.anneal.core.collective.Operation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Receives one operation's header and values from the previous rank, without blocking. */
final class RingReceiver {
  private static final int WINDOW_BYTES = 4 << 20;

  private final SocketChannel channel;
  private final RingLinks links;
  private final Operation expected;
  private final ByteBuffer header = ByteBuffer.allocate(OperationHeader.BYTES);
  private final RegionStream added;
  private final RegionStream copied;
  private final ByteBuffer staging;
  private final FloatAdder adder;

  RingReceiver(RingLinks links, Operation expected, RingPlan plan, Staging staging) {
    this.channel = links.previous();
    this.links = links;
    this.expected = expected;
    this.added = new RegionStream(plan.added());
    this.copied = new RegionStream(plan.copied());
    this.staging = staging.bytes().clear();
    this.adder = staging.adder();
    if (!plan.receives()) {
      header.position(header.limit());
    }
  }

  boolean done() {
    return !header.hasRemaining() && added.done() && copied.done();
  }

  /** Bytes that have arrived and are final in this round. */
  long arrived() {
    return added.position() + copied.position();
  }

  /** Reads what is there now; returns how much that was. */
  long receive() throws LinkBrokenException {
    if (header.hasRemaining()) {
      return receiveHeader();
    }
    if (!added.done()) {
      return add();
    }
    if (!copied.done()) {
      int count = read(copied.window(WINDOW_BYTES));
      copied.advance(count);
      return count;
    }
    return 0;
  }

  private long receiveHeader() throws LinkBrokenException {
    int count = read(header);
    if (!header.hasRemaining()) {
      Operation theirs = OperationHeader.read(header.flip(), links.attempt());
      if (!theirs.equals(expected)) {
        throw new CollectiveException(
            Operation.outOfStep(links.rank(), expected, links.previousRank(), theirs));
      }
    }
    return count;
  }

  /** Adds whole floats; up to three odd bytes stay in the staging buffer. */
  private long add() throws LinkBrokenException {
    int held = staging.position();
    staging.limit(added.contiguous(staging.capacity()));
    int count = read(staging);
    int whole = (held + count) / Float.BYTES * Float.BYTES;
    if (whole > 0) {
      staging.flip();
      ByteBuffer target = added.window(whole);
      adder.add(
          target.slice().order(target.order()).asFloatBuffer(),
          staging.slice(0, whole).order(staging.order()).asFloatBuffer());
      staging.position(whole);
      staging.compact();
      added.advance(whole);
    }
    return count;
  }

  private int read(ByteBuffer target) throws LinkBrokenException {
    int count;
    try {
      count = channel.read(target);
    } catch (IOException e) {
      throw new LinkBrokenException(links.previousRank(), e.getMessage());
    }
    if (count < 0) {
      throw new LinkBrokenException(links.previousRank(), "end of stream");
    }
    return count;
  }
}
