package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.core.collective.local.LocalGroup;
import dev.anneal.core.model.MatrixProducts;
import dev.anneal.core.model.config.Precision;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RankProductsTest {
  @Test
  void namesTheChoiceOfThisHost() {
    RankProducts own = RankProducts.of(LocalGroup.of(1).members().get(0), Precision.FULL);
    assertThat(own.note(Optional.empty()))
        .isEqualTo("products=" + MatrixProducts.ofThisHost().label());
  }

  @Test
  void aResumeWithTheSameProductsSaysNothingMore() {
    RankProducts ranks = new RankProducts(List.of("blas", "blas"));
    assertThat(ranks.note(Optional.of("blas"))).isEqualTo("products=blas");
  }

  @Test
  void warnsWhereTheCheckpointComesFromAnotherProcessor() {
    assertThat(new RankProducts(List.of("by_shape")).note(Optional.of("onednn")))
        .isEqualTo(
            "products=by_shape warning: the checkpoint's were onednn, another processor's choice:"
                + " the run goes on to rounding, not bit for bit");
  }

  @Test
  void warnsWhereRanksDiffer() {
    assertThat(new RankProducts(List.of("blas", "blas", "onednn")).note(Optional.empty()))
        .isEqualTo(
            "products=blas warning: rank 2 has onednn, another processor's choice: results repeat"
                + " to rounding only");
  }
}
