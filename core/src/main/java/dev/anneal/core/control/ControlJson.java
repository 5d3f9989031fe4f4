package dev.anneal.core.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.control.ControlMessage.Ack;
import dev.anneal.core.control.ControlMessage.Alive;
import dev.anneal.core.control.ControlMessage.CheckpointWritten;
import dev.anneal.core.control.ControlMessage.EvalDone;
import dev.anneal.core.control.ControlMessage.Goodbye;
import dev.anneal.core.control.ControlMessage.Heartbeat;
import dev.anneal.core.control.ControlMessage.Note;
import dev.anneal.core.control.ControlMessage.Refused;
import dev.anneal.core.control.ControlMessage.StepDone;
import dev.anneal.core.control.ControlMessage.Stop;
import dev.anneal.core.run.StepMetrics;
import java.io.IOException;

/** Control messages as JSON, one {@code type} each. Thread-safe. */
final class ControlJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private ControlJson() {}

  static byte[] write(Envelope envelope) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("sequence", envelope.sequence()).put("answer", envelope.wantsAnswer());
    root.set("message", message(envelope.message()));
    try {
      return MAPPER.writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Cannot write " + envelope, e);
    }
  }

  static Envelope read(byte[] bytes) throws IOException {
    JsonNode root = MAPPER.readTree(bytes);
    return new Envelope(
        number(root, "sequence"),
        field(root, "answer").asBoolean(),
        message(field(root, "message")));
  }

  private static ObjectNode message(ControlMessage message) {
    ObjectNode node = MAPPER.createObjectNode();
    if (message instanceof Heartbeat m) {
      return node.put("type", "heartbeat")
          .put("rank", m.rank())
          .put("step", m.step())
          .put("phase", m.phase());
    } else if (message instanceof StepDone m) {
      node.put("type", "step").set("metrics", metrics(m.metrics()));
      return node;
    } else if (message instanceof CheckpointWritten m) {
      return node.put("type", "checkpoint")
          .put("step", m.step())
          .put("rank", m.rank())
          .put("payload", m.payload());
    } else if (message instanceof Note m) {
      return node.put("type", "note").put("text", m.text());
    } else if (message instanceof EvalDone m) {
      return node.put("type", "eval").put("json", m.json());
    } else if (message instanceof Alive) {
      return node.put("type", "alive");
    } else if (message instanceof Goodbye) {
      return node.put("type", "goodbye");
    } else if (message instanceof Ack m) {
      return node.put("type", "ack").put("of", m.sequence());
    } else if (message instanceof Refused m) {
      return node.put("type", "refused").put("of", m.sequence()).put("text", m.reason());
    } else if (message instanceof Stop m) {
      return node.put("type", "stop").put("when", m.when().name()).put("text", m.reason());
    }
    throw new IllegalArgumentException("Unknown message: " + message);
  }

  private static ControlMessage message(JsonNode node) throws IOException {
    String type = text(node, "type");
    return switch (type) {
      case "heartbeat" -> new Heartbeat(rank(node), number(node, "step"), text(node, "phase"));
      case "step" -> new StepDone(metrics(field(node, "metrics")));
      case "checkpoint" ->
          new CheckpointWritten(number(node, "step"), rank(node), text(node, "payload"));
      case "note" -> new Note(text(node, "text"));
      case "eval" -> new EvalDone(text(node, "json"));
      case "alive" -> new Alive();
      case "goodbye" -> new Goodbye();
      case "ack" -> new Ack(number(node, "of"));
      case "refused" -> new Refused(number(node, "of"), text(node, "text"));
      case "stop" -> new Stop(when(text(node, "when")), text(node, "text"));
      default -> throw new IOException("Unknown control message: " + type);
    };
  }

  private static ObjectNode metrics(StepMetrics metrics) {
    return MAPPER
        .createObjectNode()
        .put("step", metrics.step())
        .put("loss", metrics.loss())
        .put("learningRate", metrics.learningRate())
        .put("gradNorm", metrics.gradNorm())
        .put("tokens", metrics.tokens())
        .put("targetTokens", metrics.targetTokens())
        .put("tokensPerSecond", metrics.tokensPerSecond())
        .put("epoch", metrics.epoch())
        .put("memoryBytes", metrics.memoryBytes());
  }

  private static StepMetrics metrics(JsonNode node) throws IOException {
    return new StepMetrics(
        number(node, "step"),
        real(node, "loss"),
        real(node, "learningRate"),
        real(node, "gradNorm"),
        number(node, "tokens"),
        number(node, "targetTokens"),
        real(node, "tokensPerSecond"),
        real(node, "epoch"),
        real(node, "memoryBytes"));
  }

  private static Stop.When when(String name) throws IOException {
    for (Stop.When when : Stop.When.values()) {
      if (when.name().equals(name)) {
        return when;
      }
    }
    throw new IOException("Unknown kind of stop: " + name);
  }

  private static int rank(JsonNode node) throws IOException {
    return (int) number(node, "rank");
  }

  private static long number(JsonNode node, String name) throws IOException {
    JsonNode value = field(node, name);
    if (!value.isIntegralNumber()) {
      throw new IOException("Expected a whole number in '" + name + "' but was " + value);
    }
    return value.longValue();
  }

  /** NaN and the infinities travel as text. */
  private static double real(JsonNode node, String name) throws IOException {
    JsonNode value = field(node, name);
    try {
      return value.isNumber() ? value.doubleValue() : Double.parseDouble(value.asText());
    } catch (NumberFormatException e) {
      throw new IOException("Expected a number in '" + name + "' but was " + value, e);
    }
  }

  private static String text(JsonNode node, String name) throws IOException {
    JsonNode value = field(node, name);
    if (!value.isTextual()) {
      throw new IOException("Expected text in '" + name + "' but was " + value);
    }
    return value.textValue();
  }

  private static JsonNode field(JsonNode node, String name) throws IOException {
    JsonNode value = node.get(name);
    if (value == null) {
      throw new IOException("Control message has no '" + name + "': " + node);
    }
    return value;
  }
}
