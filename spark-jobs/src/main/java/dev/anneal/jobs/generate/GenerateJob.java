package dev.anneal.jobs.generate;

import dev.anneal.core.assembly.AdaptedModels;
import dev.anneal.core.config.ConfigException;
import dev.anneal.jobs.config.GenerateConfig;
import dev.anneal.jobs.config.NamedAdapter;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.io.StagedModel;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.JobResult;
import dev.anneal.jobs.job.SparkJob;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Text from a model on this machine: one prompt, a file of prompts, or one a line from the
 * keyboard. Answers go to the output or to a file, everything else to the log. Starts no Spark.
 */
public final class GenerateJob implements SparkJob {
  private static final Logger LOG = LoggerFactory.getLogger(GenerateJob.class);

  private static final Pattern SWITCH = Pattern.compile("\\s*/adapter\\s+(\\S+)\\s*");

  private final InputStream keyboard;
  private final Predicate<JobContext> watched;

  public GenerateJob() {
    this(System.in, JobContext::interactive);
  }

  /**
   * @param watched whether a person sees what is written
   */
  GenerateJob(InputStream keyboard, Predicate<JobContext> watched) {
    this.keyboard = keyboard;
    this.watched = watched;
  }

  @Override
  public String name() {
    return "generate";
  }

  @Override
  public String description() {
    return "text from a model, with or without an adapter";
  }

  @Override
  public JobResult run(JobContext context) throws IOException {
    GenerateConfig config = context.config().generate();
    requireOneSource(config);
    HadoopFileStore store = HadoopFileStore.ofEnvironment();
    List<PromptFile.Row> prompts = prompts(config, store);
    StagedModel.Named named = new StagedModel.Named("generate.adapters", config.adapters());
    FetchPlan fetching = FetchPlan.of(store, context.config().data());
    try (StagedModel staged = StagedModel.checked(context.loaded(), fetching, named);
        TextGenerator generator =
            TextGenerator.open(
                TextGenerator.Source.of(staged, context.config().distributed()),
                PromptStyle.of(context.config()))) {
      Answering answering = new Answering(generator, config);
      if (config.interactive()) {
        return converse(context, answering);
      }
      if (!config.output().isEmpty()) {
        store.write(config.output(), out -> answering.writeAll(prompts, out));
        return JobResult.ok("answered " + prompts.size() + " prompts")
            .withCount("prompts", prompts.size())
            .withPath("answers", config.output());
      }
      if (!config.input().isEmpty()) {
        answering.writeAll(prompts, context.out());
      } else {
        answer(context, answering, prompts.get(0).prompt(), 0);
      }
      return JobResult.ok("answered " + prompts.size() + " prompts")
          .withCount("prompts", prompts.size());
    }
  }

  private static void requireOneSource(GenerateConfig config) {
    int sources =
        (config.prompt().isEmpty() ? 0 : 1)
            + (config.input().isEmpty() ? 0 : 1)
            + (config.interactive() ? 1 : 0);
    if (sources == 0) {
      throw new ConfigException(
          "Invalid prompt: 0 tokens (set generate.prompt, generate.input or generate.interactive ="
              + " true)");
    }
    if (sources > 1) {
      throw new ConfigException(
          "Invalid generate: more than one of prompt, input, interactive is set (must be one)");
    }
    if (config.interactive() && !config.output().isEmpty()) {
      throw new ConfigException(
          "Invalid generate.output: " + config.output() + " (not with generate.interactive)");
    }
  }

  private static List<PromptFile.Row> prompts(GenerateConfig config, HadoopFileStore store) {
    if (config.interactive()) {
      return List.of();
    }
    if (config.input().isEmpty()) {
      return List.of(new PromptFile.Row(config.prompt(), ""));
    }
    List<PromptFile.Row> rows = PromptFile.read(store, config.input(), names(config));
    for (NamedAdapter adapter : config.adapters()) {
      if (rows.stream().noneMatch(row -> row.adapter().equals(adapter.name()))) {
        LOG.warn("adapter={} unused: no row of generate.input names it", adapter.name());
      }
    }
    return rows;
  }

  private static Set<String> names(GenerateConfig config) {
    Set<String> names = new LinkedHashSet<>();
    if (!config.adapters().isEmpty()) {
      names.add(AdaptedModels.BARE);
      config.adapters().forEach(adapter -> names.add(adapter.name()));
    }
    return names;
  }

  /** Word for word where a person reads along, if there is but one answer to read. */
  private void answer(JobContext context, Answering answering, String prompt, int place) {
    if (answering.config().numReturnSequences() == 1 && watched.test(context)) {
      answering.stream(prompt, place, context.out());
    } else {
      answering.to(List.of(prompt), place).get(0).forEach(context.out()::println);
    }
  }

  /**
   * Every line is a prompt of its own; an empty one is passed over. With named adapters {@code
   * /adapter NAME} is no prompt: it switches.
   */
  private JobResult converse(JobContext context, Answering answering) throws IOException {
    LOG.info("one prompt a line, end of input ends");
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(keyboard, StandardCharsets.UTF_8));
    Set<String> names = names(answering.config());
    int answered = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Matcher switching = SWITCH.matcher(line);
      if (!names.isEmpty() && switching.matches()) {
        use(answering, names, switching.group(1));
      } else if (!line.isBlank()) {
        answer(context, answering, line, answered);
        answered++;
      }
    }
    return JobResult.ok("answered " + answered + " prompts").withCount("prompts", answered);
  }

  /** A slip of the fingers ends nothing. */
  private static void use(Answering answering, Set<String> names, String name) {
    if (names.contains(name)) {
      answering.generator().use(name);
      LOG.info("adapter={}", name);
    } else {
      LOG.warn("adapter={} unknown: there are {}", name, String.join(", ", names));
    }
  }
}
