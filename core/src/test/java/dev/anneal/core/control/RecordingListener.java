package dev.anneal.core.control;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Writes down what the driver hears; fails on the notes "refuse me" and "no memory". */
final class RecordingListener implements ControlListener {
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  String next() throws InterruptedException {
    return events.poll(10, TimeUnit.SECONDS);
  }

  boolean isEmpty() {
    return events.isEmpty();
  }

  @Override
  public void joined(Member member) {
    events.add("joined " + member);
  }

  @Override
  public void received(Member member, ControlMessage message) {
    if (message.equals(new ControlMessage.Note("refuse me"))) {
      throw new IllegalStateException("Cannot commit step 3: disk full");
    }
    if (message.equals(new ControlMessage.Note("no memory"))) {
      throw new OutOfMemoryError("Java heap space");
    }
    events.add("received " + member + " " + message);
  }

  @Override
  public void left(Member member) {
    events.add("left " + member);
  }

  @Override
  public void lost(Member member, String reason) {
    events.add("lost " + member);
  }
}
