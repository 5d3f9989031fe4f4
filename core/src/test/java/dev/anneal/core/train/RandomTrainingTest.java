package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.data.BatchPlan;
import dev.anneal.core.data.EpochOrder;
import dev.anneal.core.data.RowSource;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.run.StepMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training with dropout: the same whatever the ranks, the split and the storage of layers. */
class RandomTrainingTest {
  @TempDir Path folder;

  private List<StepMetrics> train(String name, String... settings) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of("adapter.peft_type=LORA", "adapter.lora_dropout=0.1", "train.save_steps=0"));
    all.addAll(List.of(settings));
    Path output = folder.resolve(name);
    return SmallRun.of(new LocalFileStore(), "curve-lora", output, all.toArray(String[]::new))
        .train();
  }

  private static List<Double> losses(List<StepMetrics> steps) {
    return steps.stream().map(StepMetrics::loss).toList();
  }

  private List<StepMetrics> reference() throws Exception {
    return train("reference", "train.per_device_train_batch_size=4");
  }

  @ParameterizedTest
  @CsvSource({"2,2,1", "2,1,2", "1,2,2", "1,1,4", "4,1,1"})
  void noSplitOfTheBatchChangesTheMasks(int worldSize, int batch, int accumulation)
      throws Exception {
    List<StepMetrics> whole = reference();
    List<StepMetrics> split =
        train(
            "split",
            "distributed.world_size=" + worldSize,
            "train.per_device_train_batch_size=" + batch,
            "train.gradient_accumulation_steps=" + accumulation);
    for (int i = 0; i < whole.size(); i++) {
      double loss = whole.get(i).loss();
      assertThat(split.get(i).loss()).as("step %d", i + 1).isCloseTo(loss, within(1e-6 * loss));
      double norm = whole.get(i).gradNorm();
      assertThat(split.get(i).gradNorm()).as("step %d", i + 1).isCloseTo(norm, within(1e-4 * norm));
    }
  }

  @Test
  void recomputedLayersDrawTheSameMasks() throws Exception {
    String batch = "train.per_device_train_batch_size=4";
    List<StepMetrics> recomputed = train("recomputed", batch, "train.gradient_checkpointing=true");
    List<StepMetrics> kept = reference();
    for (int i = 0; i < kept.size(); i++) {
      assertThat(recomputed.get(i).loss()).as("loss %d", i + 1).isEqualTo(kept.get(i).loss());
      assertThat(recomputed.get(i).gradNorm())
          .as("norm %d", i + 1)
          .isEqualTo(kept.get(i).gradNorm());
    }
  }

  @Test
  void theShareChangesTheLosses() throws Exception {
    List<StepMetrics> one = train("one", "train.max_steps=4");
    List<StepMetrics> again = train("again", "train.max_steps=4");
    List<StepMetrics> none = train("none", "train.max_steps=4", "adapter.lora_dropout=0");
    assertThat(losses(again)).isEqualTo(losses(one));
    // A fresh adapter adds nothing, so that the first loss knows no mask.
    assertThat(none.get(0).loss()).isCloseTo(one.get(0).loss(), within(1e-6));
    assertThat(none.get(3).loss()).isNotEqualTo(one.get(3).loss());
  }

  @Test
  void theSeedNamesTheRowsOfARun() {
    TokenRow row = new TokenRow(new int[] {1, 2}, new int[] {1, 2}, new int[] {2});
    RowSource rows = new SmallRun.ListRows(List.of(row, row, row, row));
    EpochOrder order = EpochOrder.asStored(4);
    BatchPlan whole = new BatchPlan(order, 4, 1, 1);
    BatchPlan split = new BatchPlan(order, 1, 2, 2);

    long[] keys = new RowMicroBatches(rows, whole, 0, 42).at(3, 0).sampleKeys();

    assertThat(keys).doesNotHaveDuplicates();
    assertThat(new RowMicroBatches(rows, split, 1, 42).at(3, 1).sampleKeys())
        .containsExactly(keys[3]);
    assertThat(new RowMicroBatches(rows, whole, 0, 42).at(4, 0).sampleKeys()).doesNotContain(keys);
    assertThat(new RowMicroBatches(rows, whole, 0, 43).at(3, 0).sampleKeys()).doesNotContain(keys);
  }
}
