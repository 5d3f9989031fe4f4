package dev.anneal.jobs.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.jobs.config.AnnealConfig;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class PreflightTest {
  private static Preflight ranks(int count, String... more) {
    String[] settings = java.util.Arrays.copyOf(more, more.length + 1);
    settings[more.length] = "distributed.world_size=" + count;
    return new Preflight(AnnealConfig.of(settings).distributed());
  }

  private static SparkConf conf(String... pairs) {
    SparkConf conf = new SparkConf(false);
    for (int i = 0; i < pairs.length; i += 2) {
      conf.set(pairs[i], pairs[i + 1]);
    }
    return conf;
  }

  @Test
  void allProblemsAreReportedAtOnce() {
    SparkConf conf = conf("spark.master", "local[1]", "spark.dynamicAllocation.enabled", "true");
    assertThatThrownBy(() -> ranks(2, "distributed.backend=nccl").check(conf))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("Invalid spark.dynamicAllocation.enabled: true (must be false")
        .hasMessageContaining("Invalid distributed.world_size: 2 (must be <= 1")
        .hasMessageContaining("Invalid distributed.backend: nccl");
  }

  @Test
  void slotsFollowFromTheSettingsWhereTheyFixThem() {
    assertThatCode(() -> ranks(2).check(conf("spark.master", "local[2]")))
        .doesNotThrowAnyException();
    assertThat(ranks(2).problems(conf("spark.master", "local"))).hasSize(1);
    assertThat(ranks(2).problems(conf("spark.master", "local[2,4]"))).isEmpty();
    assertThat(ranks(2).problems(conf("spark.master", "local[2]", "spark.task.cpus", "2")))
        .singleElement()
        .asString()
        .contains("must be <= 1");
    assertThat(ranks(2).problems(conf("spark.master", "spark://h:7077"))).isEmpty();
    assertThat(
            ranks(8)
                .problems(
                    conf(
                        "spark.master",
                        "yarn",
                        "spark.executor.instances",
                        "2",
                        "spark.executor.cores",
                        "3")))
        .singleElement()
        .asString()
        .contains("must be <= 6, the slots that spark.executor.instances and");
    assertThat(
            ranks(1)
                .problems(
                    conf(
                        "spark.master",
                        "yarn",
                        "spark.executor.cores",
                        "2",
                        "spark.task.cpus",
                        "4")))
        .singleElement()
        .asString()
        .contains("Invalid spark.task.cpus: 4 (must be <= spark.executor.cores, which is 2)");
  }

  private static final String[] TWO_CARDS = {
    "spark.master", "yarn",
    "spark.executor.instances", "2",
    "spark.executor.cores", "4",
    "spark.executor.resource.gpu.amount", "2"
  };

  @Test
  void aRankTakesOneGpuWhereTheExecutorsOfferThem() {
    assertThat(ranks(4).problems(conf(TWO_CARDS))).isEmpty();
    assertThat(ranks(5).problems(conf(TWO_CARDS)))
        .containsExactly(
            "Invalid distributed.world_size: 5 (must be <= 4, the slots that"
                + " spark.executor.instances and spark.executor.cores and"
                + " spark.executor.resource.gpu.amount give; a rank takes spark.task.cpus cores of"
                + " an executor and one of its GPUs)");
    assertThat(ranks(8, "distributed.device=cpu").problems(conf(TWO_CARDS))).isEmpty();
  }

  @Test
  void gpusThatNobodyWouldUseAndSharesOfThemAreRefusedTogether() {
    SparkConf conf =
        conf(TWO_CARDS)
            .set("spark.executor.cores", "1")
            .set("spark.task.resource.gpu.amount", "0.5");
    assertThat(ranks(2).problems(conf))
        .containsExactly(
            "Invalid spark.task.resource.gpu.amount: 0.5 (must be left out: a rank asks for one"
                + " whole GPU by itself)",
            "Invalid spark.executor.resource.gpu.amount: 2 (must be <= 1, the ranks for which"
                + " spark.executor.cores and spark.task.cpus give an executor room: a rank takes one"
                + " GPU, others would lie idle)");
  }

  @Test
  void cudaWithoutGpusIsRefusedAndLocalModeTakesTheCardsOfItsHost() {
    SparkConf yarn = conf("spark.master", "yarn", "spark.executor.instances", "1");
    assertThat(ranks(1, "distributed.device=cuda").problems(yarn))
        .singleElement()
        .asString()
        .startsWith("Invalid distributed.device: cuda (the executors offer no GPUs: set");
    assertThat(DevicePlan.of(device("cuda"), conf("spark.master", "local[2]")).source())
        .isEqualTo(DevicePlan.Source.RANK);
    assertThat(DevicePlan.of(device("auto"), conf("spark.master", "local[2]")).cuda()).isFalse();
    assertThat(DevicePlan.of(device("auto"), conf(TWO_CARDS)).source())
        .isEqualTo(DevicePlan.Source.SPARK);
    assertThat(DevicePlan.of(device("cpu"), conf(TWO_CARDS)).profile()).isEmpty();
  }

  private static DistributedConfig device(String name) {
    return AnnealConfig.of("distributed.device=" + name).distributed();
  }
}
