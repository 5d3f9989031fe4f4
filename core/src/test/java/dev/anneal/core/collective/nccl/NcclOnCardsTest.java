package dev.anneal.core.collective.nccl;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.tensor.cuda.CudaException;
import org.opentest4j.TestAbortedException;

/** The contract on the cards of this host, with its NCCL; skipped, by name, where there is none. */
class NcclOnCardsTest extends CardsContract {
  @Override
  int length() {
    return 12_000_012;
  }

  @Override
  NcclCard card(int ordinal) {
    try {
      NcclCard card = NcclCard.find(ordinal);
      card.cuda().cards();
      return card;
    } catch (ConfigException | CudaException e) {
      throw new TestAbortedException("no card here: " + e.getMessage(), e);
    }
  }
}
