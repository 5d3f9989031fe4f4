package dev.anneal.core.control;

import dev.anneal.core.run.StepMetrics;
import java.util.Objects;

/** What the driver and the ranks say to each other. Immutable. */
public sealed interface ControlMessage {
  /**
   * A rank has got on.
   *
   * @param step the step it is in
   * @param phase what it does there, such as {@code load}, {@code train}, {@code checkpoint}
   */
  record Heartbeat(int rank, long step, String phase) implements ControlMessage {
    public Heartbeat {
      Objects.requireNonNull(phase, "phase");
    }
  }

  /** A step is finished; sent by rank 0. */
  record StepDone(StepMetrics metrics) implements ControlMessage {
    public StepDone {
      Objects.requireNonNull(metrics, "metrics");
    }
  }

  /**
   * A checkpoint's files are complete and wait for the driver's commit.
   *
   * @param payload what the driver needs for it, as JSON
   */
  record CheckpointWritten(long step, int rank, String payload) implements ControlMessage {
    public CheckpointWritten {
      Objects.requireNonNull(payload, "payload");
    }
  }

  /** One line for the driver's log. */
  record Note(String text) implements ControlMessage {
    public Note {
      Objects.requireNonNull(text, "text");
    }
  }

  /** An evaluation is finished; its result as JSON. */
  record EvalDone(String json) implements ControlMessage {
    public EvalDone {
      Objects.requireNonNull(json, "json");
    }
  }

  /** The driver's process lives, whatever it does; sent every few seconds. */
  record Alive() implements ControlMessage {}

  /** A rank closes the channel in good order. */
  record Goodbye() implements ControlMessage {}

  /** The driver has done what the message with this number asked for. */
  record Ack(long sequence) implements ControlMessage {}

  /** The driver could not do it. */
  record Refused(long sequence, String reason) implements ControlMessage {
    public Refused {
      Objects.requireNonNull(reason, "reason");
    }
  }

  /** The driver wants the ranks to end. */
  record Stop(When when, String reason) implements ControlMessage {
    /** How soon. */
    public enum When {
      /** Finish the step, save, and end well. */
      AFTER_STEP,
      /** Abort what is under way. */
      NOW
    }

    public Stop {
      Objects.requireNonNull(when, "when");
      Objects.requireNonNull(reason, "reason");
    }
  }
}
