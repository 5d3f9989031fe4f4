package dev.anneal.jobs.job;

import dev.anneal.jobs.failure.ExitCode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a job that ended has to say; the content of result.json. Immutable.
 *
 * @param code how it ended
 * @param message one line for people
 * @param counts numbers by name, such as rows or steps
 * @param paths what was written, by name
 */
public record JobResult(
    ExitCode code, String message, Map<String, Number> counts, Map<String, String> paths) {
  public JobResult {
    counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
    paths = Collections.unmodifiableMap(new LinkedHashMap<>(paths));
  }

  public static JobResult ok(String message) {
    return of(ExitCode.OK, message);
  }

  public static JobResult of(ExitCode code, String message) {
    return new JobResult(code, message, Map.of(), Map.of());
  }

  /** The same with one more number. */
  public JobResult withCount(String name, Number value) {
    Map<String, Number> more = new LinkedHashMap<>(counts);
    more.put(name, value);
    return new JobResult(code, message, more, paths);
  }

  /** The same with one more path. */
  public JobResult withPath(String name, String path) {
    Map<String, String> more = new LinkedHashMap<>(paths);
    more.put(name, path);
    return new JobResult(code, message, counts, more);
  }
}
