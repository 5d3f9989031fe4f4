package dev.anneal.core.net;

/** Why a link was refused. The order is part of the wire format. */
public enum Refusal {
  OTHER_PROTOCOL("it speaks another protocol or version"),
  OTHER_RUN("it belongs to another run"),
  OTHER_ATTEMPT("it belongs to another attempt of the run"),
  WRONG_SECRET("it does not know the secret of the run"),
  UNEXPECTED_PEER("no such rank is expected");

  private final String text;

  Refusal(String text) {
    this.text = text;
  }

  /** Half a sentence about the refused side. */
  public String text() {
    return text;
  }
}
