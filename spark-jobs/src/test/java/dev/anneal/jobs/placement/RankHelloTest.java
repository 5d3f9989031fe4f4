package dev.anneal.jobs.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class RankHelloTest {
  private static RankHello on(String host) {
    return new RankHello(host, host + ":1", "1", "");
  }

  @Test
  void seatsCountTheRanksOfAHost() {
    List<RankHello> all = List.of(on("a"), on("b"), on("a"), on("a"));
    assertThat(RankHello.seat(all, 2, "")).isEqualTo(new RankSeat(2, "a", 1, 3, ""));
    assertThat(RankHello.seat(all, 1, "0")).isEqualTo(new RankSeat(1, "b", 0, 1, "0"));
  }

  @Test
  void readsBackWhatItWrote() {
    RankHello hello = new RankHello("::1", "[::1]:9", "0.1", "Cannot \"listen\"\nhier 中文");
    assertThat(RankHello.parse(hello.toJson())).isEqualTo(hello);
    assertThatThrownBy(() -> RankHello.parse("{")).hasMessageContaining("Cannot read a rank's");
  }

  @Test
  void otherVersionsAreNamed() {
    try (Rendezvous rendezvous =
        new Rendezvous(List.of(), List.of(on("a"), new RankHello("b", "b:1", "2", "full")))) {
      assertThat(rendezvous.problems())
          .containsExactly("Rank 1 on b: full", "Rank 1: Expected version 1 but was 2");
    }
  }
}
