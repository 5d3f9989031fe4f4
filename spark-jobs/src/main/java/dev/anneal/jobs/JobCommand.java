package dev.anneal.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The arguments of a job. Filled by the command line parser. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
final class JobCommand implements Callable<Integer> {
  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "HOCON file, or a preset by name; later ones win.")
  private List<String> configFiles = new ArrayList<>();

  @Option(
      names = {"-s", "--set"},
      paramLabel = "KEY=VALUE",
      description = "One setting; wins over files. All keys: conf/reference.conf.")
  private List<String> settings = new ArrayList<>();

  private final JobRun run;

  JobCommand(JobRun run) {
    this.run = run;
  }

  @Override
  public Integer call() {
    return run.run(configFiles, settings).code();
  }
}
