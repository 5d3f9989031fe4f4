import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.tensor.FreeMemory;
import dev.anneal.core.train.MemoryEstimate;
import dev.anneal.core.train.MemoryPlan;
import dev.anneal.core.train.RankInputs;
import dev.anneal.core.train.StepCalibration;
import dev.anneal.core.train.TrainingSetup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the plan of a run says beside what the run's steps take and hold: {@code java -cp CLASSES
 * CorePlan WARM_UP -s key=value ...} with the keys of {@code bin/anneal train}. A step of the small
 * model in {@code WARM_UP/model} over {@code WARM_UP/rows} before it makes ready what every run
 * needs, so that the growth is the model's own. Prints {@code RESULT} and JSON.
 */
final class CorePlan {
  private static final Path PEAK_RESET = Path.of("/proc/self/clear_refs");

  /** Until freed blocks have settled. */
  private static final int BATCHES = 8;

  private CorePlan() {}

  public static void main(String[] arguments) throws IOException {
    List<String> settings = new ArrayList<>(List.of(arguments));
    String small = settings.remove(0);
    settings.removeIf("-s"::equals);
    List<String> warmUp = new ArrayList<>(settings);
    warmUp.add("model.path=" + small + "/model");
    warmUp.add("data.train=[\"" + small + "/rows\"]");
    measure(warmUp);
    FreeMemory.giveBack();
    Files.writeString(PEAK_RESET, "5");
    System.out.println("RESULT " + new ObjectMapper().writeValueAsString(measure(settings)));
  }

  private static Map<String, Object> measure(List<String> settings) {
    TrainingConfig config = TrainingConfig.of(settings.toArray(String[]::new));
    TrainingSetup setup = TrainingSetup.of(config);
    ModelFolder model = ModelFolder.open(Path.of(config.model().path()));
    ShardOptions options = ShardOptions.of(model.config().vocabSize()).withForeign();
    Path folder = Path.of(config.data().train().get(0));
    try (ShardSet rows = ShardSet.open(List.of(folder), options)) {
      MemoryEstimate estimate =
          MemoryPlan.of(
                  setup,
                  model,
                  AdapterRegistry.choose(config.adapter(), Optional.empty(), model.config()),
                  rows,
                  1)
              .estimate();
      RankInputs inputs = new RankInputs(model, Optional.empty(), rows, List.of());
      StepCalibration.StepTime step = new StepCalibration(setup, inputs, 1, BATCHES).measure();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("planned_by_kind", estimate.byKind());
      result.put("planned_bytes", estimate.total() - estimate.runtime());
      result.put("grown_bytes", step.grownBytes());
      result.put("step_seconds", step.seconds());
      return result;
    }
  }
}
