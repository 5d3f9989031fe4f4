package dev.anneal.core.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.anneal.core.format.HuggingFaceJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.UUID;

/**
 * A process that holds a {@link RunLock}.
 *
 * @param started when the process started: tells it from a later one with the same number
 * @param token tells two locks of one process apart
 */
record LockHolder(String host, long pid, Instant started, String token) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration CLOCK_JITTER = Duration.ofSeconds(2);

  /** A lock file's content: its holder, and when the holder last showed itself. */
  record Claim(LockHolder holder, Instant renewed) {
    /** Whether it keeps another process out. */
    boolean blocks(LockHolder other, Instant stale) {
      return holder.host().equals(other.host()) ? holder.alive() : renewed.isAfter(stale);
    }
  }

  static LockHolder ofThisProcess() {
    ProcessHandle process = ProcessHandle.current();
    return new LockHolder(
        hostName(),
        process.pid(),
        process.info().startInstant().orElse(Instant.EPOCH),
        UUID.randomUUID().toString());
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      // A host that cannot resolve its own name still has one in the exception's text.
      return String.valueOf(e.getMessage()).replaceAll(":.*", "");
    }
  }

  /** Whether the process still runs on this host. */
  boolean alive() {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .flatMap(process -> process.info().startInstant())
        .map(start -> Duration.between(start, started).abs().compareTo(CLOCK_JITTER) <= 0)
        .orElse(false);
  }

  byte[] toJson(Instant renewed) {
    return HuggingFaceJson.render(
        JsonNodeFactory.instance
            .objectNode()
            .put("host", host)
            .put("pid", pid)
            .put("process_started", started.toString())
            .put("token", token)
            .put("renewed", renewed.toString()));
  }

  /** Empty when the text is no claim. */
  static Optional<Claim> parse(byte[] json) {
    try {
      JsonNode node = JSON.readTree(json);
      LockHolder holder =
          new LockHolder(
              node.path("host").asText(),
              node.path("pid").asLong(),
              Instant.parse(node.path("process_started").asText()),
              node.path("token").asText());
      return Optional.of(new Claim(holder, Instant.parse(node.path("renewed").asText())));
    } catch (IOException | DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
