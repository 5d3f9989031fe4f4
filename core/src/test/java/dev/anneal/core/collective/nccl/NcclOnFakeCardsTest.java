package dev.anneal.core.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;

/** What the cards' contract asks holds of the test library, so that the contract is right. */
class NcclOnFakeCardsTest extends CardsContract {
  private final FakeNccl fake = FakeNccl.orSkip();

  @Override
  int length() {
    return 120_012;
  }

  @Override
  NcclCard card(int ordinal) {
    return fake.card(ordinal);
  }

  @AfterAll
  static void everythingIsClosed() {
    assertThat(FakeNccl.orSkip().live()).containsOnly(0);
  }
}
