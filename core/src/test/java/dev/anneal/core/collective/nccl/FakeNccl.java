package dev.anneal.core.collective.nccl;

import com.sun.jna.NativeLibrary;
import dev.anneal.core.tensor.cuda.CudaRuntime;
import dev.anneal.core.tensor.cuda.CudaStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * NCCL and the CUDA runtime on host memory: {@code src/test/c/fake_nccl.c}, compiled by the host's
 * {@code cc}. One library a process, with eight cards.
 */
public final class FakeNccl {
  private static final Path SOURCE = Path.of("src/test/c/fake_nccl.c");
  private static final Path FOLDER = Path.of("target/fake-nccl");
  private static final String COMPILER =
      "cc -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -pthread -o";
  private static final int REMOTE_ERROR = 6;

  private final Path file;
  private final NativeLibrary library;
  private final CudaRuntime cuda;

  private FakeNccl(Path file) {
    this.file = file;
    this.cuda = CudaRuntime.at(file);
    this.library = NativeLibrary.getInstance(file.toString());
  }

  private static final class Compiled {
    static final Path FILE = compile();
  }

  /** The library; without a C compiler the test is skipped, and says so. */
  public static FakeNccl orSkip() {
    boolean found =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "cc")));
    if (!found) {
      throw new TestAbortedException("no C compiler on the path: cc");
    }
    return new FakeNccl(Compiled.FILE);
  }

  private static Path compile() {
    try {
      Files.createDirectories(FOLDER);
      Path file = FOLDER.resolve("libfakenccl.so").toAbsolutePath();
      Path log = FOLDER.resolve("cc.log");
      List<String> command = new ArrayList<>(List.of(COMPILER.split(" ")));
      command.addAll(List.of(file.toString(), SOURCE.toString()));
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      Process cc = builder.redirectOutput(log.toFile()).start();
      if (!cc.waitFor(1, TimeUnit.MINUTES) || cc.exitValue() != 0) {
        String said = Files.readString(log, StandardCharsets.UTF_8);
        throw new IllegalStateException("Cannot compile " + SOURCE + ":\n" + said);
      }
      return file;
    } catch (IOException e) {
      throw new IllegalStateException("Cannot compile " + SOURCE, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while compiling " + SOURCE, e);
    }
  }

  public Path file() {
    return file;
  }

  public CudaRuntime cuda() {
    return cuda;
  }

  /** A card with these libraries; NCCL's version is read anew. */
  public NcclCard card(int ordinal) {
    return new NcclCard(NcclLibrary.at(file), cuda, ordinal);
  }

  /** Makes the communicators of a card fail as when a link is lost; returns how many. */
  public int breakCard(int card, String reason) {
    return call("fake_break", card, REMOTE_ERROR, reason);
  }

  /** What is put into the stream from now on waits for {@link #letGo}. */
  public void hold(CudaStream stream) {
    if (call("fake_hold", stream.pointer()) != 0) {
      throw new IllegalStateException("no such stream");
    }
  }

  public void letGo() {
    library.getFunction("fake_let_go").invokeVoid(new Object[0]);
  }

  public void setVersion(int code) {
    library.getFunction("fake_set_version").invokeVoid(new Object[] {code});
  }

  public void setCards(int count) {
    library.getFunction("fake_set_cards").invokeVoid(new Object[] {count});
  }

  /** How many communicators, streams, events and blocks of memory are open. */
  public List<Integer> live() {
    return Stream.of("comms", "streams", "events", "memory")
        .map(what -> call("fake_live_" + what))
        .toList();
  }

  private int call(String function, Object... arguments) {
    return library.getFunction(function).invokeInt(arguments);
  }
}
