package dev.anneal.core.model.config;

/**
 * A linear map of the model: its module path (the weight's name without {@code .weight}), and its
 * widths. The weight is [out, in].
 */
public record LinearSpec(String path, int in, int out, boolean bias) {
  public String weightName() {
    return path + ".weight";
  }

  public String biasName() {
    return path + ".bias";
  }

  /** Last part of the path, such as {@code q_proj}. */
  public String shortName() {
    return path.substring(path.lastIndexOf('.') + 1);
  }
}
