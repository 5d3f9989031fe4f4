package dev.anneal.data.read;

import java.util.BitSet;

/**
 * How deep in JSON the bytes passed so far end: enough to find where a value ends, whatever else is
 * wrong in it. Confined to one thread.
 */
final class JsonNesting {
  private static final int MAX_DEPTH = 1 << 20; // far beyond what any parser takes

  private final BitSet arrays = new BitSet(); // the kind of each open bracket
  private int depth;
  private boolean inString;
  private boolean escaped;
  private boolean unsound;
  private byte last;

  void reset() {
    depth = 0;
    inString = false;
    escaped = false;
    unsound = false;
    last = 0;
  }

  void pass(byte value) {
    if (inString) {
      if (escaped) {
        escaped = false;
      } else if (value == '\\') {
        escaped = true;
      } else if (value == '"') {
        inString = false;
      }
      return;
    }
    switch (value) {
      case '"' -> inString = true;
      case '{', '[' -> open(value == '[');
      case '}', ']' -> close(value == ']');
      case ' ', '\t', '\r', '\n' -> {
        return;
      }
      default -> {}
    }
    last = value;
  }

  private void open(boolean array) {
    arrays.set(depth, array);
    depth++;
    unsound |= depth > MAX_DEPTH;
  }

  private void close(boolean array) {
    if (depth == 0 || arrays.get(depth - 1) != array) {
      unsound = true;
    } else {
      depth--;
    }
  }

  boolean inString() {
    return inString;
  }

  /** Whether a bracket was closed by one of another kind, or by one too many. */
  boolean isUnsound() {
    return unsound;
  }

  /** Whether nothing is open. */
  boolean isOutside() {
    return depth == 0 && !inString;
  }

  /** Whether a value may begin here, inside an open bracket. */
  boolean mayBegin() {
    return last == ':' || last == ',' || last == '[';
  }
}
