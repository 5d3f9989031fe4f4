package dev.anneal.jobs.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.io.FileEntry;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.jobs.failure.ExitCode;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;

/**
 * result.json in the output folder: how the job ended, for schedulers that lose exit codes. A
 * setting to mend never replaces the result of an earlier run in the same folder.
 */
public final class ResultFile {
  public static final String NAME = "result.json";

  private final FileStore files;
  private final String job;
  private final String folder;
  private final Instant started;

  public ResultFile(FileStore files, String job, String folder, Instant started) {
    this.files = files;
    this.job = job;
    this.folder = folder;
    this.started = started;
  }

  /** Writes the result if there is a folder for it. */
  public void write(JobResult result, Instant ended) throws IOException {
    if (folder.isBlank()) {
      return;
    }
    String path = FileStore.join(folder, NAME);
    if (result.code() == ExitCode.CONFIG && files.exists(path)) {
      return;
    }
    removeTorn();
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    try (OutputStream out = files.create(path)) {
      out.write(mapper.writeValueAsBytes(tree(mapper, result, ended)));
      out.write('\n');
    }
  }

  /** What a driver left that was killed while it wrote its own. */
  private void removeTorn() throws IOException {
    for (FileEntry entry : files.list(folder)) {
      if (!entry.folder() && LocalFileStore.isTemporaryOf(entry.name(), NAME)) {
        files.delete(entry.path());
      }
    }
  }

  private ObjectNode tree(ObjectMapper mapper, JobResult result, Instant ended) {
    ObjectNode root = mapper.createObjectNode();
    root.put("job", job);
    root.put("status", result.code() == ExitCode.OK ? "ok" : "failed");
    root.put("exit_code", result.code().code());
    root.put("exit_class", result.code().label());
    root.put("message", Redaction.text(result.message()));
    root.put("started", started.toString());
    root.put("ended", ended.toString());
    root.put("seconds", Duration.between(started, ended).toMillis() / 1000.0);
    ObjectNode counts = root.putObject("counts");
    result
        .counts()
        .forEach((name, value) -> counts.set(Redaction.text(name), mapper.valueToTree(value)));
    ObjectNode paths = root.putObject("paths");
    result.paths().forEach((name, path) -> paths.put(Redaction.text(name), Redaction.text(path)));
    return root;
  }
}
