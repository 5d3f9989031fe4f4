package dev.anneal.core.checkpoint;

/**
 * A run of a parameter's elements in a rank's file.
 *
 * @param parameter name of the parameter
 * @param parameterOffset first element within the parameter, row-major
 * @param length elements
 * @param fileOffset first element within each of the file's tensors
 */
public record StateSlice(String parameter, long parameterOffset, long length, long fileOffset) {
  public StateSlice {
    if (parameterOffset < 0 || length < 0 || fileOffset < 0) {
      throw new IllegalArgumentException(
          "Invalid slice of "
              + parameter
              + ": "
              + parameterOffset
              + "+"
              + length
              + " at "
              + fileOffset
              + " (must be >= 0)");
    }
  }
}
