package dev.anneal.jobs.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.jobs.JobLine;
import dev.anneal.jobs.evaluate.EvaluateJob;
import dev.anneal.jobs.train.TrainJob;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorJobTest {
  private static final String CPU_ALONE = "computes on CPUs alone (make natives for CUDA with";
  private static final String NOT_BUILT = "Cannot train on CUDA: this version trains on CPUs alone";

  @Test
  void ranksOnCpusCanStartWithoutAGpu() {
    JobLine done = JobLine.run(new DoctorJob(), "distributed.world_size=2");
    assertThat(done.code()).as(done.err()).isZero();
    assertThat(done.out().lines().toList().get(1))
        .startsWith("driver ")
        .contains(" " + TensorRuntime.libtorchVersion() + " cpu ");
    assertThat(done.out()).contains("ranks compute on: cpu", "a training of 2 ranks could start");
  }

  @Test
  void everythingThatRanksOnCardsLackIsNamedByDoctorAndBeforeATraining(@TempDir Path folder) {
    JobLine doctor = JobLine.run(new DoctorJob(), "distributed.device=cuda");
    assertThat(doctor.code()).isEqualTo(2);
    assertThat(doctor.out()).contains("ranks compute on: cuda");
    assertThat(doctor.err()).contains(CPU_ALONE, NOT_BUILT);
    JobLine train =
        JobLine.run(
            new TrainJob(),
            "distributed.device=cuda",
            "model.path=" + folder.resolve("no such model"),
            "data.train=[" + folder.resolve("no such shards") + "]",
            "train.output_dir=" + folder.resolve("run"));
    assertThat(train.code()).isEqualTo(2);
    assertThat(train.err()).contains(CPU_ALONE, NOT_BUILT).doesNotContain("no such");
  }

  @Test
  void evaluateByOneRankComputesOnTheCpu() {
    JobLine done =
        JobLine.run(new EvaluateJob(), "distributed.device=cuda", "data.eval=[/no/such/shards]");
    assertThat(done.code()).isEqualTo(2);
    assertThat(done.err()).contains("Invalid distributed.device: cuda (one rank of evaluate");
  }
}
