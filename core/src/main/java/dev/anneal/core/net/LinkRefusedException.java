package dev.anneal.core.net;

import java.io.IOException;

/** One side of a link did not accept the other; trying again does not help. */
public final class LinkRefusedException extends IOException {
  private final Refusal refusal;

  LinkRefusedException(String message, Refusal refusal) {
    super(message);
    this.refusal = refusal;
  }

  public Refusal refusal() {
    return refusal;
  }
}
