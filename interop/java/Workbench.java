import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.generate.TokenGenerator;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.FreeMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.jobs.cli.JobCommand;
import dev.anneal.jobs.cli.JobRun;
import dev.anneal.jobs.cli.Jobs;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.job.SparkJob;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Many short jobs in one warm process. A line of standard input is a request, its words parted by
 * tabs; its answer is one line of standard output behind the word ANSWER:
 *
 * <pre>
 * job NAME ARGUMENT...          exit code, and what the job said of its failure
 * answer MODEL ADAPTER|- ROWS OUT
 *                               greedy tokens of each row's first half; OUT gets the logits of every
 *                               position as little-endian floats. A line of ROWS is a row of ids.
 * score MODEL ADAPTER|- SHARDS   a pair LOSS:TARGETS for each row, its sum of nll and its targets
 * trim                           gives free memory back, so that the next job's peak is its own
 * </pre>
 */
final class Workbench {
  private static final int NEW_TOKENS = 12;

  private Workbench() {}

  public static void main(String[] arguments) throws IOException {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      List<String> words = List.of(line.split("\t", -1));
      String answer;
      try {
        answer =
            switch (words.get(0)) {
              case "job" -> job(words);
              case "answer" -> "0\t" + answer(words);
              case "score" -> "0\t" + score(words);
              case "trim" -> "0\t" + trim();
              default -> throw new IllegalArgumentException("Unknown request: " + words.get(0));
            };
      } catch (Exception | LinkageError e) {
        e.printStackTrace();
        answer = "1\t" + e;
      }
      answers.println("ANSWER\t" + answer.replace('\n', ' '));
    }
    // The timer of a barrier stage would keep the process alive.
    System.exit(0);
  }

  private static String job(List<String> words) {
    SparkJob job =
        Jobs.all().stream().filter(j -> j.name().equals(words.get(1))).findFirst().orElseThrow();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(said, true, StandardCharsets.UTF_8);
    JobRun run = new JobRun(job, HadoopFileStore::ofEnvironment, err, err, Clock.systemUTC());
    String[] arguments = words.subList(2, words.size()).toArray(String[]::new);
    int code = JobCommand.of(job, run).execute(arguments);
    return code + "\t" + said.toString(StandardCharsets.UTF_8);
  }

  private static boolean trim() {
    System.gc();
    return FreeMemory.giveBack();
  }

  /** Each row alone, so that virtual tokens and positions are those of a prompt. */
  private static String score(List<String> words) {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      ModelFolder folder = ModelFolder.open(Path.of(words.get(1)));
      ShardSet rows =
          ShardSet.open(
              List.of(Path.of(words.get(3))), ShardOptions.of(folder.config().vocabSize()));
      try (TrainedModel model = TrainedModel.forInference(runtime, folder, adapter(words.get(2)))) {
        return LongStream.range(0, rows.rowCount())
            .mapToObj(i -> model.model().score(MicroBatch.of(List.of(rows.row(i)), 0)).loss())
            .map(loss -> loss.sum() + ":" + loss.targetTokens())
            .collect(Collectors.joining(","));
      }
    }
  }

  private static Optional<AdapterFolder> adapter(String word) {
    return word.equals("-") ? Optional.empty() : Optional.of(AdapterFolder.open(Path.of(word)));
  }

  private static String answer(List<String> words) throws IOException {
    Optional<AdapterFolder> adapter = adapter(words.get(2));
    List<int[]> rows = new ArrayList<>();
    for (String row : Files.readAllLines(Path.of(words.get(3)))) {
      rows.add(Arrays.stream(row.trim().split(" ")).mapToInt(Integer::parseInt).toArray());
    }
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        OutputStream out = Files.newOutputStream(Path.of(words.get(4)))) {
      runtime.prepareThread(1);
      ModelFolder folder = ModelFolder.open(Path.of(words.get(1)));
      try (TrainedModel model = TrainedModel.forInference(runtime, folder, adapter)) {
        for (int[] row : rows) {
          out.write(logits(model, row));
        }
        return greedy(model, rows).stream()
            .map(ids -> Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(" ")))
            .collect(Collectors.joining(","));
      }
    }
  }

  private static List<int[]> greedy(TrainedModel model, List<int[]> rows) {
    List<int[]> prompts =
        rows.stream().map(row -> Arrays.copyOf(row, (row.length + 1) / 2)).toList();
    long vocabulary = model.config().vocabSize();
    return new TokenGenerator(model.model(), vocabulary, prompts.size())
        .generate(prompts, GenerationSettings.greedy(NEW_TOKENS, Set.of()));
  }

  private static byte[] logits(TrainedModel model, int[] ids) {
    MicroBatch batch = MicroBatch.of(List.of(new TokenRow(ids, ids, new int[] {ids.length})), 0);
    long[] positions = LongStream.range(0, ids.length).toArray();
    try (Tensor logits = model.model().logits(batch, positions)) {
      float[] values = logits.toFloats();
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      return bytes.array();
    }
  }
}
