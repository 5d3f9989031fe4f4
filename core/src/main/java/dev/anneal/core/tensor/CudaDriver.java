package dev.anneal.core.tensor;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What NVIDIA's driver says of the cards that this process sees: facts, or the reason why there are
 * none. It asks the driver alone, makes no context and takes no memory of a card. Immutable.
 *
 * @param cuda the newest CUDA that the driver serves, such as 12.8; empty without a driver
 * @param release of the driver, such as 570.86.15; empty where the system does not say
 * @param cards by CUDA's number
 * @param problem why there are no cards; empty where there are
 */
public record CudaDriver(String cuda, String release, List<CudaCard> cards, String problem)
    implements Serializable {
  /** The driver's library; it comes with the driver, never with CUDA. */
  public static final String LIBRARY = "libcuda.so.1";

  private static final Path RELEASE = Path.of("/sys/module/nvidia/version");
  private static final int NAME_BYTES = 256;
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;

  public CudaDriver {
    Objects.requireNonNull(cuda, "cuda");
    Objects.requireNonNull(release, "release");
    Objects.requireNonNull(problem, "problem");
    cards = List.copyOf(cards);
    if (cards.isEmpty() == problem.isEmpty()) {
      throw new IllegalArgumentException("Expected either cards or a problem");
    }
  }

  /** Asks the driver of this host. */
  public static CudaDriver ofThisHost() {
    NativeLibrary library;
    try {
      library = NativeLibrary.getInstance(LIBRARY);
    } catch (UnsatisfiedLinkError e) {
      return none(
          "", "no " + LIBRARY + " (no NVIDIA driver on this host, or not in its container)");
    }
    return new Calls(library).ask();
  }

  private static CudaDriver none(String cuda, String problem) {
    return new CudaDriver(cuda, installed(), List.of(), problem);
  }

  private static String installed() {
    if (!Files.isReadable(RELEASE)) {
      return "";
    }
    try {
      return Files.readString(RELEASE, StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + RELEASE, e);
    }
  }

  /** CUDA writes its versions as 1000 times the major and 10 times the minor number. */
  static String version(int number) {
    return number / 1000 + "." + number % 1000 / 10;
  }

  /** The driver did not do what it was asked. */
  private static final class DriverException extends Exception {
    private static final long serialVersionUID = 1L;

    DriverException(String message) {
      super(message);
    }
  }

  /** The driver's functions. */
  private record Calls(NativeLibrary library) {
    CudaDriver ask() {
      String cuda = "";
      try {
        IntByReference number = new IntByReference();
        call("cuDriverGetVersion", number);
        cuda = version(number.getValue());
        call("cuInit", 0);
        IntByReference count = new IntByReference();
        call("cuDeviceGetCount", count);
        List<CudaCard> cards = new ArrayList<>();
        for (int ordinal = 0; ordinal < count.getValue(); ordinal++) {
          cards.add(card(ordinal));
        }
        return cards.isEmpty()
            ? none(cuda, "the driver shows no card to this process (see CUDA_VISIBLE_DEVICES)")
            : new CudaDriver(cuda, installed(), cards, "");
      } catch (DriverException e) {
        return none(cuda, e.getMessage());
      } catch (UnsatisfiedLinkError e) {
        return none(cuda, LIBRARY + " is no driver of CUDA 12 or newer: " + e.getMessage());
      }
    }

    private CudaCard card(int ordinal) throws DriverException {
      IntByReference device = new IntByReference();
      call("cuDeviceGet", device, ordinal);
      LongByReference bytes = new LongByReference();
      call("cuDeviceTotalMem_v2", bytes, device.getValue());
      try (Memory name = new Memory(NAME_BYTES)) {
        call("cuDeviceGetName", name, NAME_BYTES, device.getValue());
        return new CudaCard(
            name.getString(0),
            bytes.getValue(),
            attribute(COMPUTE_CAPABILITY_MAJOR, device.getValue()),
            attribute(COMPUTE_CAPABILITY_MINOR, device.getValue()));
      }
    }

    private int attribute(int attribute, int device) throws DriverException {
      IntByReference value = new IntByReference();
      call("cuDeviceGetAttribute", value, attribute, device);
      return value.getValue();
    }

    private void call(String name, Object... arguments) throws DriverException {
      int error = library.getFunction(name).invokeInt(arguments);
      if (error != 0) {
        throw new DriverException(name + " of " + LIBRARY + " failed: " + meaning(error));
      }
    }

    private String meaning(int error) {
      PointerByReference text = new PointerByReference();
      Function describe = library.getFunction("cuGetErrorString");
      boolean known = describe.invokeInt(new Object[] {error, text}) == 0;
      return known && text.getValue() != null
          ? text.getValue().getString(0) + " (error " + error + ")"
          : "error " + error;
    }
  }
}
