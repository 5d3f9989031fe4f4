package dev.anneal.jobs.cli;

import dev.anneal.jobs.job.JobFlag;
import dev.anneal.jobs.job.SparkJob;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** The arguments of a job. Filled by the command line parser. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
public final class JobCommand implements Callable<Integer> {
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

  /** The command line of a job with its own flags, each of which adds a setting. */
  public static CommandLine of(SparkJob job, JobRun run) {
    JobCommand command = new JobCommand(run);
    CommandLine line = new CommandLine(command);
    line.getCommandSpec().usageMessage().description(job.description());
    for (JobFlag flag : job.flags()) {
      line.getCommandSpec().addOption(command.option(flag));
    }
    return line;
  }

  private OptionSpec option(JobFlag flag) {
    boolean isSwitch = flag.parameter().isEmpty();
    OptionSpec.Builder option =
        OptionSpec.builder(flag.name())
            .description(flag.description())
            .arity(isSwitch ? "0" : "1")
            .type(isSwitch ? boolean.class : String.class)
            .setter(
                new CommandLine.Model.ISetter() {
                  @Override
                  public <T> T set(T value) {
                    if (value != null && !Boolean.FALSE.equals(value)) {
                      settings.add(flag.setting(value.toString()));
                    }
                    return value;
                  }
                });
    return (isSwitch ? option : option.paramLabel(flag.parameter())).build();
  }

  @Override
  public Integer call() {
    return run.run(configFiles, settings).code();
  }
}
