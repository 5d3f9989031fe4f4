package dev.anneal.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.optim.LossScale;
import dev.anneal.core.train.TrainState;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CommitRequestTest {
  static Stream<Optional<LossScale>> scales() {
    return Stream.of(Optional.empty(), Optional.of(new LossScale(32768, 3, 2)));
  }

  @ParameterizedTest
  @MethodSource("scales")
  void arrivesAsItWasSent(Optional<LossScale> scale) throws IOException {
    CommitRequest sent =
        new CommitRequest(
            new TrainState(7, 80, 60, scale),
            new CommitRequest.Origin(2, "attempt", "blas"),
            new ObjectMapper().createArrayNode());
    assertThat(CommitRequest.fromJson(sent.toJson())).isEqualTo(sent);
  }
}
