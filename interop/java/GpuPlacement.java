import dev.anneal.core.config.LoadedConfig;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.job.ConfigFiles;
import dev.anneal.jobs.job.Ending;
import dev.anneal.jobs.job.JobContext;
import dev.anneal.jobs.job.LazySpark;
import dev.anneal.jobs.placement.BarrierLauncher;
import dev.anneal.jobs.placement.NativeFolder;
import dev.anneal.jobs.placement.RankContext;
import dev.anneal.jobs.placement.RankTask;
import dev.anneal.jobs.tokenize.TokenizeJob;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;

/**
 * Tokenizes and places two ranks in one application, whose settings are the arguments. Prints the
 * GPUs that a task of each stage holds, and where each rank computes:
 *
 * <pre>
 * STAGE TASKS GPUS
 * RANK RANK DEVICE ADDRESSES
 * </pre>
 */
public final class GpuPlacement {
  private GpuPlacement() {}

  /** The work of a rank: says where it is. */
  public static final class Where implements RankTask<String> {
    private static final long serialVersionUID = 1L;

    @Override
    public String run(RankContext context) {
      String[] addresses = TaskContext.get().resourcesJMap().get("gpu").addresses();
      return context.rank() + " " + context.device() + " " + String.join(",", addresses);
    }
  }

  private static SparkListener stages(SparkContext spark) {
    return new SparkListener() {
      @Override
      public void onStageSubmitted(SparkListenerStageSubmitted event) {
        int id = event.stageInfo().resourceProfileId();
        ResourceProfile profile = spark.resourceProfileManager().resourceProfileFromId(id);
        Object cards = profile.taskResourcesJMap().get("gpu");
        String held =
            cards == null ? "0" : String.valueOf(profile.taskResourcesJMap().get("gpu").amount());
        System.out.println("STAGE " + event.stageInfo().numTasks() + " " + held);
      }
    };
  }

  public static void main(String[] settings) throws Exception {
    HadoopFileStore files = HadoopFileStore.ofEnvironment();
    LoadedConfig<AnnealConfig> loaded =
        new ConfigFiles(files).load(List.of(), List.of(settings));
    NativeFolder natives = NativeFolder.beside(TokenizeJob.class);
    natives.use();
    TokenizeJob tokenize = new TokenizeJob();
    try (LazySpark spark = new LazySpark(tokenize, loaded.config().distributed())) {
      JobContext context =
          new JobContext(
              loaded,
              new JobContext.Surroundings(
                  spark, files, natives, System.out, new Ending(() -> System.exit(6))));
      context.spark().sparkContext().addSparkListener(stages(context.spark().sparkContext()));
      tokenize.run(context);
      System.out.println("TOKENIZED");
      new BarrierLauncher(context.spark(), loaded.config().distributed(), natives)
          .run(new Where())
          .forEach(line -> System.out.println("RANK " + line));
    }
    // The timer of a barrier stage would keep the process alive.
    System.exit(0);
  }
}
