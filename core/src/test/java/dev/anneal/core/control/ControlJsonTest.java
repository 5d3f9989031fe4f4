package dev.anneal.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.run.StepMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ControlJsonTest {
  private static final List<ControlMessage> EXAMPLES =
      List.of(
          new ControlMessage.Heartbeat(3, 1L << 40, "检查点"),
          new ControlMessage.StepDone(
              new StepMetrics(7, 0.1 + 0.2, 1e-4, Double.MIN_VALUE, 10, 9, 1e300, 0.5, 1e9)),
          new ControlMessage.StepDone(
              new StepMetrics(
                  7, Double.NaN, -0.0, Double.POSITIVE_INFINITY, 0, 0, 1 / 3.0, 0.5, 1e9)),
          new ControlMessage.CheckpointWritten(5, 1, "{\"a\":\"\\\"\\n\"}"),
          new ControlMessage.Note("损失 is NaN"),
          new ControlMessage.Note(""),
          new ControlMessage.EvalDone("{}"),
          new ControlMessage.Alive(),
          new ControlMessage.Goodbye(),
          new ControlMessage.Ack(12),
          new ControlMessage.Refused(12, "disk full"),
          new ControlMessage.Stop(ControlMessage.Stop.When.NOW, "stop"));

  @Test
  void everyMessageSurvivesTheWire() throws Exception {
    for (ControlMessage message : EXAMPLES) {
      Envelope envelope = new Envelope(4, true, message);
      assertThat(ControlJson.read(ControlJson.write(envelope))).isEqualTo(envelope);
    }
  }

  @Test
  void theExamplesCoverEveryMessage() {
    Set<Class<?>> covered =
        EXAMPLES.stream().<Class<?>>map(Object::getClass).collect(Collectors.toSet());
    assertThat(covered)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.asList(ControlMessage.class.getPermittedSubclasses()));
  }

  @Test
  void brokenMessagesSayWhatIsWrong() {
    assertBroken("{\"sequence\":1}", "Control message has no 'answer': {\"sequence\":1}");
    assertBroken(
        "{\"sequence\":\"x\",\"answer\":false}",
        "Expected a whole number in 'sequence' but was \"x\"");
    assertBroken(
        "{\"sequence\":1,\"answer\":false,\"message\":{\"type\":\"dance\"}}",
        "Unknown control message: dance");
    assertThatThrownBy(() -> ControlJson.read(new byte[] {'['})).isInstanceOf(IOException.class);
  }

  private static void assertBroken(String json, String message) {
    assertThatThrownBy(() -> ControlJson.read(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IOException.class)
        .hasMessage(message);
  }
}
