package dev.anneal.jobs;

import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.job.SparkJob;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A job as a user starts it, without a new process.
 *
 * @param code exit code
 * @param out what went to the standard output
 * @param err what went to the standard error besides the log
 */
public record JobLine(int code, String out, String err) {

  /** Runs a job with settings {@code key=value}. */
  public static JobLine run(SparkJob job, String... settings) {
    List<String> arguments = new ArrayList<>();
    for (String setting : settings) {
      arguments.addAll(List.of("-s", setting));
    }
    return typed(job, arguments.toArray(new String[0]));
  }

  /** Runs a job with arguments as they are typed behind its name. */
  public static JobLine typed(SparkJob job, String... typed) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> arguments = new ArrayList<>(List.of(job.name()));
    arguments.addAll(List.of(typed));
    int code =
        new Main(
                List.of(job),
                HadoopFileStore::ofEnvironment,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8))
            .run(arguments.toArray(new String[0]));
    return new JobLine(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
