package dev.anneal.core.collective.nccl;

import com.sun.jna.Structure;
import java.util.List;

/**
 * What the ranks of one communicator share; passed to C by value. Public because JNA reads and
 * writes its field. One thread at a time.
 */
public final class NcclUniqueId extends Structure implements Structure.ByValue {
  static final int BYTES = 128;

  /** Opaque to all but NCCL. */
  public byte[] internal = new byte[BYTES];

  static NcclUniqueId of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException(
          "Invalid unique id: " + bytes.length + " bytes (must be " + BYTES + ")");
    }
    NcclUniqueId id = new NcclUniqueId();
    id.internal = bytes.clone();
    return id;
  }

  @Override
  protected List<String> getFieldOrder() {
    return List.of("internal");
  }
}
