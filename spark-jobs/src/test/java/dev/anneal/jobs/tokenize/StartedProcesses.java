package dev.anneal.jobs.tokenize;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.apache.hadoop.util.Shell;

/** What commands this JVM starts, by its own flight recorder. */
public final class StartedProcesses {
  private static final String EVENT = "jdk.ProcessStart";

  private StartedProcesses() {}

  public interface Work {
    void run() throws Exception;
  }

  /** The commands that were started meanwhile, but for Hadoop's one look at the system. */
  public static List<String> during(Work work) throws Exception {
    Boolean.toString(Shell.isSetsidAvailable);
    Path file = Files.createTempFile("processes", ".jfr");
    try (Recording recording = new Recording()) {
      recording.enable(EVENT).withoutThreshold();
      recording.start();
      work.run();
      recording.stop();
      recording.dump(file);
      return commands(file);
    } finally {
      Files.delete(file);
    }
  }

  private static List<String> commands(Path file) throws IOException {
    List<String> commands = new ArrayList<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      if (event.getEventType().getName().equals(EVENT)) {
        commands.add(event.getString("command"));
      }
    }
    return commands;
  }
}
