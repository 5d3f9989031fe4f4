package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.MemorySize;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.format.DType;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.HeadMemory;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.LayerMemory;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.run.StepMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The estimate of a rank's memory, and the layers that are computed twice for a budget. */
class MemoryPlanTest {
  private static final String LORA = "adapter.peft_type=LORA";

  @TempDir Path folder;

  private static MemoryPlan plan(Path model, RowSource rows, String... settings) {
    return plan(ModelFolder.open(model), rows, settings);
  }

  private static MemoryPlan plan(ModelFolder opened, RowSource rows, String... settings) {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("model.path=" + opened.path());
    TrainingConfig config = TrainingConfig.of(all.toArray(String[]::new));
    Optional<AdapterMethod> method =
        AdapterRegistry.choose(config.adapter(), Optional.empty(), opened.config());
    int worldSize = config.distributed().worldSize();
    return MemoryPlan.of(TrainingSetup.of(config), opened, method, rows, worldSize);
  }

  private static MemoryPlan plan(String... settings) {
    return plan(Parity.folder("llama"), rows(300, 100, 200), settings);
  }

  private static RowSource rows(int... lengths) {
    List<TokenRow> rows = new ArrayList<>();
    for (int length : lengths) {
      rows.add(new TokenRow(new int[length], new int[length], new int[] {length}));
    }
    return new SmallRun.ListRows(rows);
  }

  private static DecoderConfig llama() {
    return ModelFolder.open(Parity.folder("llama")).config();
  }

  /** The frozen head is fp32 otherwise, and its second copy goes too. */
  @Test
  void typesOf16BitsHoldHalf() {
    MemoryEstimate full = plan(LORA, "model.frozen_storage=float32").estimate();
    MemoryEstimate half = plan(LORA, "model.dtype=bfloat16").estimate();
    MemoryEstimate mixed = plan(LORA, "train.bf16=true").estimate();
    assertThat(half.frozen()).isLessThan((long) (0.52 * full.frozen()));
    assertThat(mixed.frozen()).isEqualTo(half.frozen());
    assertThat(half.activations() - full.activations() / 2).isBetween(0L, full.activations() / 20);
    assertThat(mixed.activations()).isBetween(half.activations() + 1, full.activations() - 1);
    assertThat(half.trained()).isEqualTo(full.trained());
    assertThat(half.scratch()).isZero();
  }

  @Test
  void theLargestMicroBatchIsOfTheLongestRows() {
    assertThat(plan("train.per_device_train_batch_size=1").tokens()).isEqualTo(300);
    assertThat(plan("train.per_device_train_batch_size=2").tokens()).isEqualTo(500);
    assertThat(plan("train.per_device_train_batch_size=8").tokens()).isEqualTo(600);
  }

  @Test
  void fullTuningHoldsValuesGradientsAndTwoMoments() {
    MemoryEstimate full = plan().estimate();
    long weights = 4 * llama().parameterCount();
    assertThat(full.frozen()).isZero();
    assertThat(full.trained()).isBetween(weights, weights + 64);
    assertThat(full.gradients()).isEqualTo(full.trained());
    assertThat(full.moments()).isEqualTo(2 * full.trained());
    long rows = 600;
    long hidden = 4 * rows * llama().hiddenSize();
    long kept = 4 * rows * LayerMemory.written(llama(), false).kept();
    assertThat(full.activations()).isEqualTo(hidden + kept * llama().layers());
    assertThat(full.total())
        .isEqualTo(full.byKind().values().stream().mapToLong(Long::longValue).sum());
  }

  @Test
  void layersBelowTheTrainedOnesLeaveNothing() {
    String last = "adapter.target_modules=[layers." + (llama().layers() - 1) + ".mlp.up_proj]";
    MemoryPlan plan = plan(LORA, last);
    assertThat(plan.lowestLayer()).isEqualTo(llama().layers() - 1).isPositive();
    long rows = 600;
    long input = 4 * rows * llama().hiddenSize();
    long kept = 4 * rows * LayerMemory.written(llama(), false).kept();
    assertThat(plan.estimate().activations()).isEqualTo(input + kept);
  }

  @Test
  void adaptersOutsideTheLayersAreWalkedTo() {
    MemoryPlan embedding = plan(LORA, "adapter.target_modules=[embed_tokens]");
    MemoryPlan head = plan(LORA, "adapter.target_modules=[lm_head]");
    assertThat(embedding.lowestLayer()).isZero();
    assertThat(head.lowestLayer()).isEqualTo(llama().layers());
    long values = 4L * 8 * (llama().vocabSize() + llama().hiddenSize());
    assertThat(embedding.estimate().trained()).isBetween(values, values + 64);
    assertThat(head.estimate().trained()).isBetween(values, values + 64);
  }

  @Test
  void outputsOfBlocksAreKeptWhereAdaptersReadThem() {
    int last = llama().layers() - 1;
    String bottleneck = "adapter.peft_type=BOTTLENECK";
    MemoryPlan plan =
        plan(bottleneck, "adapter.placement=houlsby", "adapter.layers_to_transform=[" + last + "]");
    assertThat(plan.lowestLayer()).isEqualTo(last).isPositive();
    long rows = 600;
    long hidden = 4 * rows * llama().hiddenSize();
    long kept = 4 * rows * LayerMemory.written(llama(), false).kept();
    assertThat(plan.estimate().activations()).isEqualTo(hidden + kept + 2 * hidden);
  }

  @Test
  void noiseOfGatesIsHeldBesideTheBase() {
    long base = plan(LORA).estimate().frozen();
    long linear =
        new DecoderLayout(llama())
            .sites().stream().mapToLong(site -> site.inFeatures() * site.outFeatures()).sum();
    MemoryEstimate estimate = plan("adapter.peft_type=DIFF_PRUNING").estimate();
    assertThat(estimate.frozen()).isEqualTo(base);
    assertThat(estimate.buffers()).isEqualTo(4 * linear);
    assertThat(estimate.trained()).isBetween(8 * linear, 8 * linear + 64);
  }

  @Test
  void zeroStagesShareTheOptimizer() {
    long alone = plan("distributed.world_size=4").estimate().moments();
    long shared = plan("distributed.world_size=4", "distributed.zero_stage=2").estimate().moments();
    assertThat(shared * 4).isEqualTo(alone);
  }

  /** Of full tuning on two ranks, at the widest moment of a step: near the head. */
  @Test
  void stage2FreesGradientsOfOneMicroBatch() throws Exception {
    Path model = folder.resolve("qwen");
    ZeroFolder.qwen(model, 12);
    List<String> full =
        List.of("adapter.peft_type=NONE", "distributed.world_size=2", "distributed.bucket_mb=8");
    MemoryEstimate kept = staged(model, full, "distributed.zero_stage=1");
    MemoryEstimate freed = staged(model, full, "distributed.zero_stage=2");
    assertThat(kept.gradients()).isEqualTo(kept.trained());
    long shard = kept.gradients() / 2;
    assertThat(kept.total() - freed.total()).isGreaterThan(shard / 2);
    assertThat(kept.gradients() - freed.gradients()).isGreaterThan(shard);
    assertThat(freed.moments()).isEqualTo(kept.moments());
    assertThat(
            staged(model, full, "distributed.zero_stage=2", "train.gradient_accumulation_steps=2"))
        .isEqualTo(kept);
  }

  private static MemoryEstimate staged(Path model, List<String> settings, String... more) {
    List<String> all = new ArrayList<>(settings);
    all.addAll(List.of(more));
    return plan(model, rows(2048, 2048), all.toArray(String[]::new)).estimate();
  }

  @Test
  void frozenWeightsCountAsTheyLieInMemory() throws Exception {
    Path half = HalfFolder.write(folder.resolve("half"), "llama", name -> DType.BF16);
    RowSource rows = rows(10);
    long wide = plan(half, rows, LORA, "model.frozen_storage=float32").estimate().frozen();
    long copy = 4 * HeadMemory.frozenCopy(llama());
    assertThat(wide).isEqualTo(4 * llama().parameterCount() + copy);
    MemoryEstimate kept = plan(half, rows, LORA).estimate();
    long head = 4L * llama().vocabSize() * llama().hiddenSize();
    long halved = (wide - copy - head) / 2 + head + copy;
    assertThat(kept.frozen()).isBetween(halved, halved + 2000);
    long widest = 4L * llama().intermediateSize() * llama().hiddenSize();
    assertThat(kept.scratch()).isEqualTo(widest);
    assertThat(plan(half, rows, LORA, "model.layer_backward=autograd").estimate().frozen())
        .isEqualTo(wide);
  }

  @Test
  void embeddingsWithOtherRowsAreInFp32() throws Exception {
    Path half = HalfFolder.write(folder.resolve("half"), "llama", name -> DType.BF16);
    RowSource rows = rows(10);
    ModelFolder stored = ModelFolder.open(half);
    int wanted = stored.config().vocabSize() + 8;
    ModelFolder resized = stored.resizedTo(wanted);
    long hidden = llama().hiddenSize();
    long own = copyOfHead(stored) - copyOfHead(resized);
    long moreEmbedding = 4 * wanted * hidden - 2 * (wanted - 8) * hidden;
    assertThat(plan(resized, rows, LORA).estimate().frozen() + own)
        .isEqualTo(plan(half, rows, LORA).estimate().frozen() + moreEmbedding + 4 * 8 * hidden);
  }

  private static long copyOfHead(ModelFolder model) {
    return 4 * HeadMemory.frozenCopy(model.config());
  }

  @Test
  void aTrainedHeadTakesItsGradientSomeRowsAtATime() {
    DecoderConfig wide = llama().withVocabSize(200_000);
    int hidden = llama().hiddenSize();
    assertThat(HeadMemory.gradientAtOnce(llama())).isEqualTo((long) llama().vocabSize() * hidden);
    assertThat(HeadMemory.gradientAtOnce(wide))
        .isEqualTo((long) hidden * Math.min(200_000, (4 << 20) / hidden));
  }

  @Test
  void freeBlocksAreCountedAsFarAsTheyAreKept() {
    MemoryEstimate estimate = plan(LORA).estimate();
    long widest = Math.max(llama().intermediateSize(), llama().queryWidth());
    long values = 3 * widest + 4L * llama().hiddenSize();
    assertThat(estimate.slack()).isEqualTo(5 * 4 * 600 * values);
    assertThat(plan(LORA, "adapter.lora_dropout=0.1").estimate().slack())
        .isEqualTo(LayerMemory.freeBlocks(llama(), 600))
        .isEqualTo(estimate.slack());
  }

  @Test
  void linearWeightsIn4BitsCountWithTheirScalesAndTheirScratch() throws Exception {
    Path half = HalfFolder.write(folder.resolve("half"), "llama", name -> DType.BF16);
    RowSource rows = rows(10);
    long inHalf = plan(half, rows, LORA).estimate().frozen();
    long linear = 0;
    long packed = 0;
    long plain = 0;
    for (LinearSite site : new DecoderLayout(llama()).sites()) {
      long elements = site.inFeatures() * site.outFeatures();
      linear += elements;
      long blocks = (elements + 63) / 64;
      plain += 32 * blocks + 4 * blocks;
      packed += 32 * blocks + 260 * ((blocks + 255) / 256) + 4;
    }
    MemoryEstimate estimate = plan(half, rows, LORA, "model.frozen_storage=nf4").estimate();
    assertThat(estimate.frozen()).isEqualTo(inHalf - 2 * linear + packed);
    long widest = (long) llama().intermediateSize() * llama().hiddenSize();
    long padded = (widest + 63) / 64 * 64;
    assertThat(estimate.scratch()).isEqualTo(4 * padded + 2 * padded);
    assertThat(
            plan(half, rows, LORA, "model.frozen_storage=fp4", "model.double_quantisation=false")
                .estimate()
                .frozen())
        .isEqualTo(inHalf - 2 * linear + plain);
  }

  @Test
  void autoComputesTheFewestLayersTwice() {
    int layers = llama().layers();
    long[] totals = new long[layers];
    for (int k = 0; k < layers; k++) {
      totals[k] =
          plan(budget(LORA, k == 0 ? Long.MAX_VALUE : totals[k - 1] - 1)).estimate().total();
      MemoryPlan chosen = plan(budget(LORA, totals[k]));
      assertThat(chosen.recomputed()).isEqualTo(k);
      if (k > 0) {
        assertThat(totals[k]).isLessThan(totals[k - 1]);
      }
    }
    // the last layer gains nothing, whatever the budget
    assertThat(plan(budget(LORA, 1)).recomputed()).isEqualTo(layers - 1);
    assertThat(plan(LORA, "train.gradient_checkpointing=true").recomputed()).isEqualTo(layers);
    assertThat(plan(LORA).recomputed()).isZero();
  }

  private static String[] budget(String method, long bytes) {
    return new String[] {
      method, "train.gradient_checkpointing=auto", "distributed.memory_per_rank=" + bytes
    };
  }

  @Test
  void layersAreNamedAsTheyStand() {
    assertThat(new MemoryPlan(plan().estimate(), 1, 2, 0).recomputedLayers()).isEqualTo("none");
    assertThat(new MemoryPlan(plan().estimate(), 1, 2, 1).recomputedLayers()).isEqualTo("2");
    assertThat(new MemoryPlan(plan().estimate(), 1, 2, 3).recomputedLayers()).isEqualTo("2..4");
  }

  @Test
  void autoNeedsABudget() {
    assertThatThrownBy(() -> plan("train.gradient_checkpointing=auto"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Missing distributed.memory_per_rank (train.gradient_checkpointing = auto chooses the"
                + " layers by it; set it with -s distributed.memory_per_rank=6g)");
  }

  @Test
  void whatCannotFitIsRefusedWithTheKeysToChange() {
    TrainingConfig config = TrainingConfig.of("distributed.memory_per_rank=100m");
    MemoryPlan plan = plan("distributed.memory_per_rank=100m");
    assertThatThrownBy(
            () ->
                plan.requireFits(
                    config.distributed().memoryPerRank(),
                    "distributed.memory_per_rank",
                    TrainingSetup.of(config)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "Cannot fit a rank into distributed.memory_per_rank: 100.0 MiB (needs about ")
        .hasMessageEndingWith(
            " with layers computed twice: none; set train.gradient_checkpointing to auto or true,"
                + " lower train.per_device_train_batch_size, now 8 for up to 600 tokens, or give"
                + " more memory)");
    plan.requireFits(new MemorySize(plan.estimate().total()), "it", TrainingSetup.of(config));
    plan.requireFits(MemorySize.UNBOUNDED, "it", TrainingSetup.of(config));
  }

  @Test
  void sizesAreReadAsPeopleWriteThem() {
    assertThat(MemorySize.parse("6g").bytes()).isEqualTo(6L << 30);
    assertThat(MemorySize.parse("800 MiB").bytes()).isEqualTo(800L << 20);
    assertThat(MemorySize.parse("2GB").bytes()).isEqualTo(2_000_000_000L);
    assertThat(MemorySize.parse(" ").bounded()).isFalse();
    assertThat(MemorySize.parse("1536m")).hasToString("1.5 GiB");
    for (String bad : List.of("6x", "-1g", "0", "lots")) {
      assertThatThrownBy(() -> TrainingConfig.of("distributed.memory_per_rank=" + bad))
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith("Invalid distributed.memory_per_rank: ");
    }
  }

  @Test
  void whicheverLayersAreComputedTwiceTheBitsAreTheSame() throws Exception {
    for (String method : List.of("adapter.peft_type=NONE", LORA)) {
      List<StepMetrics> kept = train(method, "train.gradient_checkpointing=false");
      List<StepMetrics> some =
          train(method, "train.gradient_checkpointing=auto", "distributed.memory_per_rank=1k");
      List<StepMetrics> all = train(method, "train.gradient_checkpointing=true");
      for (int i = 0; i < kept.size(); i++) {
        assertThat(some.get(i).loss()).isEqualTo(kept.get(i).loss()).isEqualTo(all.get(i).loss());
        assertThat(some.get(i).gradNorm())
            .isEqualTo(kept.get(i).gradNorm())
            .isEqualTo(all.get(i).gradNorm());
      }
    }
  }

  private List<StepMetrics> train(String... settings) throws Exception {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("train.save_steps=0");
    Path output = folder.resolve("run " + String.join(" ", settings).replace('/', '-'));
    return SmallRun.of(new LocalFileStore(), "curve-lora", output, all.toArray(String[]::new))
        .train();
  }
}
