package dev.anneal.core.collective.local;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.collective.ControlCollectiveContract;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LocalCollectiveTest extends ControlCollectiveContract {
  @Override
  protected List<Collective> open(int worldSize, Duration patience) {
    return LocalGroup.of(worldSize).members();
  }

  @Test
  void refusesAnEmptyGroup() {
    assertThatThrownBy(() -> LocalGroup.of(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid world size: 0 (must be >= 1)");
  }
}
