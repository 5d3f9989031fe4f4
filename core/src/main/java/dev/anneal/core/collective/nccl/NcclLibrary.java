package dev.anneal.core.collective.nccl;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.tensor.cuda.NcclVersion;
import dev.anneal.core.tensor.cuda.SharedLibrary;
import java.nio.file.Path;

/**
 * NCCL's C library, in a version that was checked. Calls mean the card that the calling thread uses
 * ({@code CudaRuntime.use}). Communicators never block in native code: whoever has one asks {@link
 * #asyncResult} until a call is through. Thread-safe; a communicator is not.
 */
public final class NcclLibrary {
  /** The library's name, as linked programs ask for it. */
  public static final String LIBRARY = "libnccl.so.2";

  /** The variable of the environment that names another file. */
  public static final String VARIABLE = "ANNEAL_NCCL_LIBRARY";

  private static final int SUM = 0;
  private static final int CONFIG_BYTES = 24;
  private static final int CONFIG_MAGIC = 0xcafebeef;

  /** Since which the configuration has the one field that is set here. */
  private static final int CONFIG_VERSION = new NcclVersion(2, 14, 0).code();

  private final SharedLibrary library;
  private final NcclVersion version;

  private NcclLibrary(SharedLibrary library) {
    this.library = library;
    IntByReference code = new IntByReference();
    check("read NCCL's version", library.call("ncclGetVersion", code));
    this.version = NcclVersion.of(code.getValue());
    if (!version.supported()) {
      throw new ConfigException(
          "Unsupported NCCL version: "
              + version
              + " of "
              + library.path()
              + " (supported: "
              + NcclVersion.OLDEST
              + " and later of "
              + NcclVersion.OLDEST.major()
              + "; "
              + VARIABLE
              + " names another "
              + LIBRARY
              + ")");
    }
  }

  /** Loads NCCL as {@link SharedLibrary#find} finds it; a ConfigException says what is wrong. */
  public static NcclLibrary find() {
    return new NcclLibrary(SharedLibrary.find(LIBRARY, VARIABLE));
  }

  /** Loads a file. */
  public static NcclLibrary at(Path file) {
    return new NcclLibrary(SharedLibrary.at(file));
  }

  /** The loaded file. */
  public String path() {
    return library.path();
  }

  public NcclVersion version() {
    return version;
  }

  /** A new id, which one rank makes for all; it opens a port on that rank's host. */
  public byte[] uniqueId() {
    try (Memory bytes = new Memory(NcclUniqueId.BYTES)) {
      check("make a unique id", library.call("ncclGetUniqueId", bytes));
      return bytes.getByteArray(0, NcclUniqueId.BYTES);
    }
  }

  /** Begins to join a communicator; it may be used once {@link #asyncResult} says so. */
  Pointer startJoining(byte[] uniqueId, int rank, int worldSize) {
    PointerByReference communicator = new PointerByReference();
    try (Memory config = new Memory(CONFIG_BYTES)) {
      config.clear();
      config.setLong(0, CONFIG_BYTES);
      config.setInt(8, CONFIG_MAGIC);
      config.setInt(12, CONFIG_VERSION);
      int status =
          library.call(
              "ncclCommInitRankConfig",
              communicator,
              worldSize,
              NcclUniqueId.of(uniqueId),
              rank,
              config);
      begun("join the ranks", status);
    }
    return communicator.getValue();
  }

  /** Whether the communicator's last call is through; throws what NCCL found wrong since. */
  boolean ready(Pointer communicator) {
    IntByReference result = new IntByReference();
    check("ask NCCL", library.call("ncclCommGetAsyncError", communicator, result));
    if (result.getValue() == NcclStatus.IN_PROGRESS) {
      return false;
    }
    check("exchange values", result.getValue());
    return true;
  }

  void startGroup() {
    check("begin a group of calls", library.call("ncclGroupStart"));
  }

  void endGroup() {
    begun("end a group of calls", library.call("ncclGroupEnd"));
  }

  void allReduce(DeviceRegion region, Pointer communicator, Pointer stream) {
    begun(
        "allReduce",
        library.call(
            "ncclAllReduce",
            region.pointer(),
            region.pointer(),
            region.length(),
            region.type().code(),
            SUM,
            communicator,
            stream));
  }

  void reduceScatter(DeviceRegion region, DeviceRegion own, Pointer communicator, Pointer stream) {
    begun(
        "reduceScatter",
        library.call(
            "ncclReduceScatter",
            region.pointer(),
            own.pointer(),
            own.length(),
            region.type().code(),
            SUM,
            communicator,
            stream));
  }

  void allGather(DeviceRegion region, DeviceRegion own, Pointer communicator, Pointer stream) {
    begun(
        "allGather",
        library.call(
            "ncclAllGather",
            own.pointer(),
            region.pointer(),
            own.length(),
            region.type().code(),
            communicator,
            stream));
  }

  void broadcast(DeviceRegion region, int root, Pointer communicator, Pointer stream) {
    begun(
        "broadcast",
        library.call(
            "ncclBroadcast",
            region.pointer(),
            region.pointer(),
            region.length(),
            region.type().code(),
            root,
            communicator,
            stream));
  }

  /** Begins to finish what was asked for; {@link #ready} says when {@link #destroy} may follow. */
  void startFinishing(Pointer communicator) {
    begun("finish", library.call("ncclCommFinalize", communicator));
  }

  void destroy(Pointer communicator) {
    begun("close a communicator", library.call("ncclCommDestroy", communicator));
  }

  /** Ends what runs on the card, whatever the other ranks do; the communicator is gone. */
  void abort(Pointer communicator) {
    begun("abort a communicator", library.call("ncclCommAbort", communicator));
  }

  private void begun(String what, int status) {
    if (status != NcclStatus.IN_PROGRESS) {
      check(what, status);
    }
  }

  private void check(String what, int status) {
    if (status != NcclStatus.SUCCESS) {
      throw new NcclException(
          "NCCL cannot " + what + ": " + library.text("ncclGetErrorString", status) + lastError());
    }
  }

  private String lastError() {
    String last = library.text("ncclGetLastError", Pointer.NULL).strip();
    return last.isEmpty() ? "" : ", " + last;
  }

  /** Values of {@code ncclResult_t} that are no errors. */
  private static final class NcclStatus {
    static final int SUCCESS = 0;
    static final int IN_PROGRESS = 7;
  }
}
