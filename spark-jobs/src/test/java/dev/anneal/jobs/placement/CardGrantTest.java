package dev.anneal.jobs.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CardGrantTest {
  /** One rank an address, all of one executor. */
  private static List<CardGrant> grants(String visible, String... addresses) {
    List<CardGrant> grants = new ArrayList<>();
    for (String address : addresses) {
      grants.add(new CardGrant("0", List.of(address), CardGrant.visible(visible)));
    }
    return grants;
  }

  private static List<Integer> ordinals(String visible, String... addresses) {
    List<CardGrant> grants = grants(visible, addresses);
    return IntStream.range(0, addresses.length)
        .mapToObj(rank -> CardGrant.ordinal(grants, rank).orElse(-1))
        .toList();
  }

  private static List<String> problems(List<CardGrant> grants) {
    return CardGrant.ofRanks(grants, grants.stream().map(each -> "h").toList());
  }

  @Test
  void anAddressIsCudasNumberOfTheCard() {
    assertThat(ordinals(null, "0", "3")).containsExactly(0, 3);
    assertThat(ordinals("4,5", "0", "1")).containsExactly(0, 1);
    assertThat(ordinals("1,0", "0", "1")).containsExactly(0, 1);
  }

  @Test
  void whatStandsInTheVariableCountsWhereTheAddressesAreNoNumbersOfIts() {
    assertThat(ordinals("4,5", "5", "4")).containsExactly(1, 0);
    assertThat(ordinals("1,2", "1", "2")).containsExactly(0, 1);
    assertThat(ordinals("GPU-a,GPU-b", "GPU-b")).containsExactly(1);
  }

  @Test
  void cudaStopsReadingAtTheFirstEntryThatNamesNoCard() {
    assertThat(CardGrant.visible(null)).isEmpty();
    assertThat(CardGrant.visible("")).contains(List.of());
    assertThat(CardGrant.visible("-1")).contains(List.of());
    assertThat(CardGrant.visible("2, 0,-1,1")).contains(List.of("2", "0"));
  }

  @Test
  void anAddressOfNoCardIsNamed() {
    assertThat(problems(grants("4,5", "7")))
        .containsExactly(
            "Rank 0 on h: Invalid GPU address: 7 (must count the cards that the process sees, from"
                + " 0, or stand in CUDA_VISIBLE_DEVICES=4,5)");
    assertThat(problems(grants(null, "GPU-a"))).singleElement().asString().endsWith("from 0)");
    assertThat(problems(grants("", "0"))).hasSize(1);
  }

  @Test
  void ranksWithoutWithSeveralOrWithSharedGpusAreRefused() {
    CardGrant none = new CardGrant("0", List.of(), Optional.empty());
    CardGrant two = new CardGrant("0", List.of("0", "1"), Optional.empty());
    assertThat(problems(List.of(none, two)))
        .containsExactly(
            "Rank 0 on h: Spark gave it 0 GPUs [] (a rank computes on exactly one)",
            "Rank 1 on h: Spark gave it 2 GPUs [0, 1] (a rank computes on exactly one)");
    CardGrant here = new CardGrant("0", List.of("0"), Optional.empty());
    CardGrant there = new CardGrant("1", List.of("0"), Optional.empty());
    assertThat(problems(List.of(here, there)))
        .singleElement()
        .asString()
        .startsWith("Rank 1 on h: holds the same GPU as Rank 0: 0 (workers of one host offer");
    assertThat(CardGrant.ofRanks(List.of(here, there), List.of("h", "g"))).isEmpty();
    CardGrant other = new CardGrant("1", List.of("0"), Optional.of(List.of("1")));
    assertThat(problems(List.of(here, other))).isEmpty();
  }
}
