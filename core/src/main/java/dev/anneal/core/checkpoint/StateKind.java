package dev.anneal.core.checkpoint;

/** The values a checkpoint keeps of every trained element; each is one fp32 tensor of a file. */
public enum StateKind {
  PARAMETERS("parameters"),
  FIRST_MOMENT("first_moment"),
  SECOND_MOMENT("second_moment");

  private final String tensorName;

  StateKind(String tensorName) {
    this.tensorName = tensorName;
  }

  /** Name of the tensor in a rank's file. */
  public String tensorName() {
    return tensorName;
  }

  static StateKind named(String tensorName) {
    for (StateKind kind : values()) {
      if (kind.tensorName.equals(tensorName)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("Invalid state: " + tensorName);
  }
}
