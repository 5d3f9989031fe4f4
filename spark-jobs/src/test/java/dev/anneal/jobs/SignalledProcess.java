package dev.anneal.jobs;

import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.train.TrainJob;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.ShutdownHookManager;

/** The command line in a process of its own, to send signals to. Confined to one thread. */
public final class SignalledProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader lines;

  private SignalledProcess(Process process) {
    this.process = process;
    this.lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** A store that answers, once the process ends, only when it was closed, if it ever is. */
  public static final class Closing extends RawLocalFileSystem {
    private final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public String getScheme() {
      return "oss";
    }

    @Override
    public URI getUri() {
      return URI.create("oss:///");
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path folder) throws IOException {
      try {
        if (ShutdownHookManager.get().isShutdownInProgress() && closed.await(2, TimeUnit.SECONDS)) {
          throw new IOException("Filesystem closed");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return super.listStatus(folder);
    }

    @Override
    public void close() throws IOException {
      closed.countDown();
      super.close();
    }
  }

  /**
   * Waits for its end; with max_steps it says that it will end by itself, within so many seconds.
   */
  private record Waiting() implements SparkJob {
    @Override
    public String name() {
      return "wait";
    }

    @Override
    public String description() {
      return "Waits for a signal.";
    }

    @Override
    public String outputFolder(AnnealConfig config) {
      return config.train().outputDir();
    }

    @Override
    public JobResult run(JobContext context) throws Exception {
      context.files().exists(context.config().train().outputDir());
      int grace = context.config().train().maxSteps();
      if (grace > 0) {
        context
            .ending()
            .finishing(
                () -> {
                  context.out().println("finishing");
                  return true;
                },
                Duration.ofSeconds(grace));
      }
      context.out().println("waiting");
      new CountDownLatch(1).await();
      return JobResult.ok("never");
    }
  }

  public static void main(String[] arguments) {
    int code =
        new Main(
                List.of(new Waiting(), new TrainJob()),
                HadoopFileStore::ofEnvironment,
                System.out,
                System.err)
            .run(arguments);
    System.exit(code);
  }

  /** Starts a job with settings {@code key=value}. */
  public static SignalledProcess start(String job, String... settings) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-opens") || argument.startsWith("-XX"))
        .forEach(command::add);
    command.addAll(List.of("-Xmx512m", "-Dspark.hadoop.fs.oss.impl=" + Closing.class.getName()));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(SignalledProcess.class.getName(), job));
    for (String setting : settings) {
      command.addAll(List.of("-s", setting));
    }
    return new SignalledProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** Reads what it prints up to a line that holds this text. */
  public void awaitLine(String text) throws IOException {
    List<String> seen = new ArrayList<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      seen.add(line);
      if (line.contains(text)) {
        return;
      }
    }
    throw new AssertionError("no line with " + text + " in\n" + String.join("\n", seen));
  }

  /** SIGTERM. */
  public void term() {
    process.toHandle().destroy(); // the process's own method would close its streams
  }

  /** Its exit code, and all that it still prints. */
  public Ended end() throws IOException, InterruptedException {
    StringBuilder rest = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      rest.append(line).append('\n');
    }
    return new Ended(process.waitFor(), rest.toString());
  }

  /** How it ended. */
  public record Ended(int code, String output) {}

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
