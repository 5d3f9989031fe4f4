package dev.anneal.jobs.read;

/**
 * A file that a listing found. Immutable.
 *
 * @param uri what Hadoop opens
 * @param path the URI without scheme and host
 */
public record FoundFile(String uri, String path, long bytes, long modifiedMillis) {

  /** The last part of the path. */
  public String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** The path of the folder that holds it. */
  public String folder() {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }
}
