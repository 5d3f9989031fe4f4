package dev.anneal.core.tensor.cuda;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import dev.anneal.core.config.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A C library that the product does not ship and finds on the host. Stays loaded until the process
 * ends, since such libraries keep threads of their own. Thread-safe as far as the library is.
 */
public final class SharedLibrary {
  private static final String NATIVES = "PYTORCH_LIBRARY_PATH";
  private static final int RTLD_LAZY = 1;
  private static final int RTLD_NODELETE = 0x1000;

  private final String path;
  private final NativeLibrary library;

  private SharedLibrary(String path) {
    this.path = path;
    this.library =
        NativeLibrary.getInstance(
            path, Map.of(Library.OPTION_OPEN_FLAGS, RTLD_LAZY | RTLD_NODELETE));
  }

  /** Loads a file. */
  public static SharedLibrary at(Path file) {
    try {
      return new SharedLibrary(file.toAbsolutePath().toString());
    } catch (UnsatisfiedLinkError e) {
      throw new ConfigException("Cannot load " + file + ": " + firstLine(e), e);
    }
  }

  /**
   * Finds a library: the file that the variable names, else the copy that this process uses
   * already, else one beside libtorch's, else what the system's loader finds.
   *
   * @param name as linked programs ask for it, such as {@code libnccl.so.2}
   * @param variable of the environment
   * @throws ConfigException that says where it was looked for
   */
  public static SharedLibrary find(String name, String variable) {
    String chosen = System.getenv(variable);
    if (chosen != null && !chosen.isBlank()) {
      return at(Path.of(chosen));
    }
    String natives = System.getenv(NATIVES);
    List<String> candidates = new ArrayList<>();
    MappedLibraries.find(name::equals).ifPresent(candidates::add);
    if (natives != null && !natives.isBlank()) {
      Path beside = Path.of(natives, name);
      if (Files.exists(beside)) {
        candidates.add(beside.toString());
      }
    }
    candidates.add(name);
    List<String> reasons = new ArrayList<>();
    for (String candidate : candidates) {
      try {
        return new SharedLibrary(candidate);
      } catch (UnsatisfiedLinkError e) {
        reasons.add(firstLine(e));
      }
    }
    throw new ConfigException(
        "Cannot find "
            + name
            + ": looked among the libraries that this process uses, in "
            + (natives == null ? NATIVES + ", which is not set," : natives + " (" + NATIVES + ")")
            + " and where the system's loader looks, LD_LIBRARY_PATH="
            + System.getenv().getOrDefault("LD_LIBRARY_PATH", "")
            + " ("
            + String.join("; ", reasons)
            + "); "
            + variable
            + " names another file");
  }

  private static String firstLine(UnsatisfiedLinkError error) {
    return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
  }

  /** The file, or the name that the system's loader was asked for. */
  public String path() {
    return library.getFile() == null ? path : library.getFile().toString();
  }

  /** Calls a function that returns an int: a status, where 0 is success. */
  public int call(String function, Object... arguments) {
    return function(function).invokeInt(arguments);
  }

  /** Calls a function that returns a C string; empty for NULL. */
  public String text(String function, Object... arguments) {
    String text = function(function).invokeString(arguments, false);
    return text == null ? "" : text;
  }

  private Function function(String name) {
    try {
      return library.getFunction(name);
    } catch (UnsatisfiedLinkError e) {
      throw new ConfigException("Unsupported " + path() + ": has no function " + name, e);
    }
  }
}
