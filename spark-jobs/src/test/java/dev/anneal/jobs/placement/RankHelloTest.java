package dev.anneal.jobs.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.tensor.Device;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RankHelloTest {
  private static final DevicePlan CPU = new DevicePlan(DevicePlan.Source.CPU, 1);
  private static final DevicePlan CARDS = new DevicePlan(DevicePlan.Source.SPARK, 1);

  private static RankHello on(String host) {
    return new RankHello(host, host + ":1", "1", CardGrant.NONE, "");
  }

  private static RankHello with(CardGrant cards) {
    return new RankHello("h", "h:1", "1", cards, "");
  }

  @Test
  void aRankOnACardSitsOnCudasNumberOfIt() {
    List<RankHello> all =
        List.of(
            with(new CardGrant("0", List.of("1"), Optional.empty())),
            with(new CardGrant("0", List.of("0"), Optional.empty())));
    assertThat(RankHello.seat(all, 0, CARDS).device()).isEqualTo(Device.cuda(1));
    assertThat(RankHello.seat(all, 1, CARDS).device()).isEqualTo(Device.cuda(0));
  }

  @Test
  void seatsCountTheRanksOfAHost() {
    List<RankHello> all = List.of(on("a"), on("b"), on("a"), on("a"));
    assertThat(RankHello.seat(all, 2, CPU)).isEqualTo(new RankSeat(2, "a", 1, 3, Device.CPU));
    assertThat(RankHello.seat(all, 1, CPU)).isEqualTo(new RankSeat(1, "b", 0, 1, Device.CPU));
  }

  @Test
  void readsBackWhatItWrote() {
    RankHello hello =
        new RankHello("::1", "[::1]:9", "0.1", CardGrant.NONE, "Cannot \"listen\"\nhier 中文");
    assertThat(RankHello.parse(hello.toJson())).isEqualTo(hello);
    RankHello blind = with(new CardGrant("7", List.of("GPU-a"), Optional.of(List.of())));
    assertThat(RankHello.parse(blind.toJson())).isEqualTo(blind);
    assertThatThrownBy(() -> RankHello.parse("{")).hasMessageContaining("Cannot read a rank's");
  }

  @Test
  void otherVersionsAreNamed() {
    try (Rendezvous rendezvous =
        new Rendezvous(
            List.of(), List.of(on("a"), new RankHello("b", "b:1", "2", CardGrant.NONE, "full")))) {
      assertThat(rendezvous.problems(CPU))
          .containsExactly("Rank 1 on b: full", "Rank 1: Expected version 1 but was 2");
    }
  }
}
