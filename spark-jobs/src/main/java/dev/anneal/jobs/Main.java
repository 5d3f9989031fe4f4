package dev.anneal.jobs;

import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.cli.JobCommand;
import dev.anneal.jobs.cli.JobRun;
import dev.anneal.jobs.cli.Jobs;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.job.SparkJob;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The one main class: {@code JOB [-c FILE]... [-s key=value]...}. */
@Command(
    name = "anneal",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "JOB",
    description = "Continued pretraining and fine-tuning of language models on Spark.",
    commandListHeading = "%nJobs:%n",
    exitCodeListHeading = "%nExit codes:%n",
    footer = {
      "",
      "Arguments after -- go to spark-submit: anneal train ... -- --master spark://h:7077"
    })
public final class Main {
  private final List<SparkJob> jobs;
  private final Supplier<FileStore> files;
  private final PrintStream out;
  private final PrintStream err;

  Main(List<SparkJob> jobs, Supplier<FileStore> files, PrintStream out, PrintStream err) {
    this.jobs = List.copyOf(jobs);
    this.files = files;
    this.out = out;
    this.err = err;
  }

  /** Runs a job and ends the process with its exit code. */
  public static void main(String[] arguments) {
    // Chinese text must arrive whatever the locale of the host is.
    PrintStream out = utf8(FileDescriptor.out);
    PrintStream err = utf8(FileDescriptor.err);
    int code = new Main(Jobs.all(), HadoopFileStore::ofEnvironment, out, err).run(arguments);
    out.flush();
    err.flush();
    if (code != 0 || !isYarnDriver(new SparkConf())) {
      // Explicitly: the timer of a barrier stage would keep a local JVM alive for ever.
      System.exit(code);
    }
  }

  /** YARN takes an explicit exit of a driver that it hosts for a failure, whatever the code. */
  static boolean isYarnDriver(SparkConf conf) {
    return conf.get("spark.master", "").startsWith("yarn")
        && conf.get("spark.submit.deployMode", "client").equals("cluster");
  }

  int run(String... arguments) {
    CommandLine command = new CommandLine(this);
    for (SparkJob job : jobs) {
      JobRun run = new JobRun(job, files, out, err, Clock.systemUTC());
      command.addSubcommand(job.name(), JobCommand.of(job, run));
    }
    command.getCommandSpec().usageMessage().exitCodeList(exitCodes());
    command.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    command.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    configure(command);
    if (arguments.length == 0) {
      command.usage(command.getErr());
      return ExitCode.CONFIG.code();
    }
    return command.execute(arguments);
  }

  /** Everything behind -c and -s is taken as it stands. */
  private static void configure(CommandLine command) {
    command.setExpandAtFiles(false);
    String version = Main.class.getPackage().getImplementationVersion();
    command.getCommandSpec().version("anneal " + (version == null ? "(unpacked)" : version));
    command.getSubcommands().values().forEach(Main::configure);
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    for (ExitCode code : ExitCode.values()) {
      codes.put(" " + code.code(), code.meaning());
    }
    return codes;
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
