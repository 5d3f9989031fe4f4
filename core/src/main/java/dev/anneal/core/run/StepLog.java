package dev.anneal.core.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.io.FileStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A file of JSON objects, one a line, each with the key {@code step}, in the order of steps.
 * Thread-safe.
 *
 * <p>Where the store can append, every line is in the file when {@link #append} returns. Where it
 * cannot (object stores), the lines are held in memory and the whole file is written again when
 * {@link #REWRITE_INTERVAL} has passed, at {@link #flush} and at {@link #close}.
 */
final class StepLog implements AutoCloseable {
  static final Duration REWRITE_INTERVAL = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FileStore store;
  private final String path;
  private final Clock clock;
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private Optional<OutputStream> appender = Optional.empty();
  private Instant lastRewrite;
  private boolean dirty;

  private StepLog(FileStore store, String path, Clock clock) {
    this.store = store;
    this.path = path;
    this.clock = clock;
    this.lastRewrite = clock.instant();
  }

  /** Opens the file with the lines up to and including a step kept, and every later one removed. */
  static StepLog open(FileStore store, String path, long lastStep, Clock clock) {
    StepLog log = new StepLog(store, path, clock);
    log.cutAfter(lastStep);
    return log;
  }

  synchronized void append(String json) {
    byte[] line = (json + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      if (appender.isPresent()) {
        appender.get().write(line);
        appender.get().flush();
        return;
      }
      held.writeBytes(line);
      dirty = true;
      if (!clock.instant().isBefore(lastRewrite.plus(REWRITE_INTERVAL))) {
        rewrite();
      }
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Makes every line given so far durable; call it before a checkpoint is committed. */
  synchronized void flush() {
    try {
      if (dirty) {
        rewrite();
      }
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Removes the lines after a step, in one replacement of the file. */
  synchronized void cutAfter(long lastStep) {
    flush();
    List<String> kept = read(store, path);
    kept.removeIf(line -> stepOf(line) > lastStep);
    try {
      closeAppender();
      held.reset();
      for (String line : kept) {
        held.writeBytes((line + "\n").getBytes(StandardCharsets.UTF_8));
      }
      rewrite();
      appender = store.append(path);
      if (appender.isPresent()) {
        held.reset();
      }
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  @Override
  public synchronized void close() {
    flush();
    try {
      closeAppender();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /**
   * The complete lines of a file, none when it does not exist. A last line that a killed writer
   * tore is left out; a broken line elsewhere is an error.
   */
  static List<String> read(FileStore store, String path) {
    try {
      if (!store.exists(path)) {
        return new ArrayList<>();
      }
      try (InputStream in = store.open(path)) {
        return lines(new String(in.readAllBytes(), StandardCharsets.UTF_8), path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException("Cannot read " + path + ": " + e.getMessage(), e));
    }
  }

  private static List<String> lines(String text, String path) {
    String[] parts = text.split("\n", -1);
    List<String> lines = new ArrayList<>(parts.length);
    for (int i = 0; i < parts.length; i++) {
      if (parts[i].isBlank()) {
        continue;
      }
      boolean torn = i == parts.length - 1;
      if (!torn && !hasStep(parts[i])) {
        throw new UncheckedIOException(
            new IOException(
                "Cannot read " + path + ": line " + (i + 1) + " is no JSON object with a step"));
      }
      if (!torn) {
        lines.add(parts[i]);
      }
    }
    return lines;
  }

  private static boolean hasStep(String line) {
    try {
      return JSON.readTree(line).path("step").isIntegralNumber();
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private static long stepOf(String line) {
    return parse(line).path("step").asLong();
  }

  /** The object of a line that {@link #read} returned. */
  static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void rewrite() throws IOException {
    store.write(path, held::writeTo);
    lastRewrite = clock.instant();
    dirty = false;
  }

  private void closeAppender() throws IOException {
    if (appender.isPresent()) {
      appender.get().close();
      appender = Optional.empty();
    }
  }

  private UncheckedIOException unwritable(IOException e) {
    String message = String.valueOf(e.getMessage());
    boolean named = message.startsWith("Cannot write ");
    return new UncheckedIOException(
        named ? e : new IOException("Cannot write " + path + ": " + message, e));
  }
}
