package dev.anneal.jobs.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.DistributedConfig;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.run.TrainingFailedException;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.failure.ExitCode;
import dev.anneal.jobs.failure.RankFailedException;
import java.io.IOException;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BarrierLauncherTest {
  private static final NativeFolder NO_NATIVES = new NativeFolder("");

  private SparkSession spark;

  /** What the users' spark-defaults may hold. */
  SparkConf sparkDefaults() {
    return new SparkConf();
  }

  @BeforeAll
  final void startSpark() {
    spark =
        SparkSession.builder()
            .master("local[2]")
            .appName("BarrierLauncherTest")
            .config(sparkDefaults())
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "localhost")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
  }

  @AfterAll
  final void stopSpark() {
    spark.stop();
  }

  private BarrierLauncher launcher(String... settings) {
    DistributedConfig config = AnnealConfig.of(settings).distributed();
    return new BarrierLauncher(spark, config, NO_NATIVES);
  }

  @Test
  void ranksMeetAndReduceTogether() {
    assertThat(
            launcher("distributed.world_size=2")
                .run(
                    rank -> {
                      double[] sum =
                          rank.collective().allReduceSum(new double[] {rank.rank() + 1.0});
                      return rank.rank()
                          + " of "
                          + rank.worldSize()
                          + " local "
                          + rank.localRank()
                          + " of "
                          + rank.localWorldSize()
                          + " attempt "
                          + rank.stageAttempt()
                          + " sum "
                          + sum[0];
                    }))
        .containsExactly(
            "0 of 2 local 0 of 2 attempt 0 sum 3.0", "1 of 2 local 1 of 2 attempt 0 sum 3.0");
  }

  /** A value of ours, as train and evaluate bring back. */
  private record Ended(long step, List<String> answers) implements Serializable {}

  @Test
  void bringsBackRecordsAndListsOfEveryRank() {
    assertThat(
            launcher("distributed.world_size=2")
                .run(rank -> new Ended(rank.rank(), List.of("灯", "rank " + rank.rank()))))
        .containsExactly(
            new Ended(0, List.of("灯", "rank 0")), new Ended(1, List.of("灯", "rank 1")));
  }

  @Test
  void oneRankNeedsNobody() {
    assertThat(
            launcher("distributed.threads_per_rank=3", "distributed.backend=local")
                .run(rank -> rank.threads() + rank.collective().worldSize()))
        .containsExactly(4);
  }

  @Test
  void aLostPeerStartsAllRanksAgain() {
    assertThat(
            launcher("distributed.world_size=2")
                .run(
                    rank -> {
                      if (rank.stageAttempt() == 0 && rank.rank() == 1) {
                        throw new CollectiveException("rank 0 is gone");
                      }
                      rank.collective().barrier();
                      return rank.stageAttempt();
                    }))
        .containsExactly(1, 1);
  }

  /** What the ranks of a test saved; they run in this process. */
  private static final AtomicLong SAVED = new AtomicLong();

  private static final List<Integer> ATTEMPTS = Collections.synchronizedList(new ArrayList<>());

  @Test
  void lossesWithProgressInBetweenNeverEndTheRun() {
    SAVED.set(0);
    ATTEMPTS.clear();
    assertThat(
            launcher("distributed.world_size=2")
                .run(
                    rank -> {
                      if (rank.rank() == 0) {
                        ATTEMPTS.add(rank.stageAttempt());
                        SAVED.incrementAndGet();
                      }
                      if (rank.stageAttempt() < 9) {
                        throw new CollectiveException("rank 0 is gone");
                      }
                      return rank.stageAttempt();
                    },
                    SAVED::get))
        .containsExactly(9, 9);
    assertThat(ATTEMPTS).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  }

  @Test
  void lossesWithoutProgressAddUp() {
    SAVED.set(0);
    ATTEMPTS.clear();
    assertThatThrownBy(
            () ->
                launcher("distributed.world_size=1")
                    .run(
                        rank -> {
                          ATTEMPTS.add(rank.stageAttempt());
                          SAVED.set(Math.min(3, ATTEMPTS.size()));
                          throw new CollectiveException("rank 0 is gone");
                        },
                        SAVED::get))
        .isInstanceOfSatisfying(
            RankFailedException.class, e -> assertThat(e.code()).isEqualTo(ExitCode.INFRASTRUCTURE))
        .hasMessageContaining("executors were lost again and again");
    assertThat(ATTEMPTS).as("four losses more than those with progress").hasSize(8);
  }

  @Test
  void aFailureThatWouldRepeatEndsTheRunWhateverWasSaved() {
    SAVED.set(0);
    assertThatThrownBy(
            () ->
                launcher()
                    .run(
                        rank -> {
                          SAVED.incrementAndGet();
                          throw new TrainingFailedException("Loss is NaN at step 3");
                        },
                        SAVED::get))
        .hasMessageEndingWith("Loss is NaN at step 3");
    assertThat(SAVED).hasValue(1);
  }

  @Test
  void aCancellationBetweenTwoStartsIsNotForgotten() {
    BarrierLauncher launcher = launcher();
    launcher.cancel();
    assertThatThrownBy(
            () ->
                launcher.run(
                    rank -> {
                      while (true) {
                        rank.collective().barrier();
                      }
                    }))
        .isInstanceOf(RankFailedException.class)
        .hasMessageContaining("cancelled");
  }

  @Test
  void aRankThatFailsByItselfEndsTheRunWithItsMessage() {
    assertThatThrownBy(
            () ->
                launcher("distributed.world_size=2")
                    .run(
                        rank -> {
                          if (rank.rank() == 1) {
                            throw new TrainingFailedException("Loss is NaN at step 3");
                          }
                          rank.collective().barrier();
                          return 0;
                        }))
        .isInstanceOfSatisfying(
            RankFailedException.class, e -> assertThat(e.code()).isEqualTo(ExitCode.TRAINING))
        .hasMessageMatching("Rank 1 on .*: Loss is NaN at step 3");
    assertThatThrownBy(
            () ->
                launcher()
                    .run(
                        rank -> {
                          throw new InvalidRowException("Invalid id: 7 in row 3");
                        }))
        .isInstanceOfSatisfying(
            RankFailedException.class, e -> assertThat(e.code()).isEqualTo(ExitCode.DATA));
  }

  @Test
  void aPortThatIsTakenIsNamedByEveryRank() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
      assertThatThrownBy(
              () ->
                  launcher("distributed.world_size=2", "distributed.port=" + taken.getLocalPort())
                      .run(rank -> 0))
          .isInstanceOfSatisfying(
              RankFailedException.class, e -> assertThat(e.code()).isEqualTo(ExitCode.CONFIG))
          .hasMessageStartingWith("Rank 0 on ")
          .hasMessageContaining("distributed.port")
          .hasMessageContaining(String.valueOf(taken.getLocalPort()));
    }
  }

  @Test
  void moreRanksThanSlotsAreRefusedAtOnce() {
    assertThatThrownBy(() -> launcher("distributed.world_size=3").run(rank -> 0))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "Invalid distributed.world_size: 3 (must be <= 2, the slots that spark.master ="
                + " local[2] give");
  }
}
