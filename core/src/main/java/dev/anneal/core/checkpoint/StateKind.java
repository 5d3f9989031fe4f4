package dev.anneal.core.checkpoint;

/**
 * A value that a checkpoint keeps of every trained element: the parameter itself, or what an
 * optimizer keeps of it. Each is one fp32 tensor of a file. Immutable.
 *
 * @param tensorName name of the tensor in a rank's file
 */
public record StateKind(String tensorName) {
  public static final StateKind PARAMETERS = new StateKind("parameters");

  public StateKind {
    if (!tensorName.matches("[a-z][a-z0-9_]{0,63}")) {
      throw new IllegalArgumentException(
          "Invalid state: '"
              + tensorName
              + "' (must be 1 to 64 of a-z, 0-9 and _, a letter first)");
    }
  }

  @Override
  public String toString() {
    return tensorName;
  }
}
