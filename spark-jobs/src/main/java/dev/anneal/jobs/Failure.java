package dev.anneal.jobs;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.data.InvalidShardException;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.run.TrainingFailedException;
import dev.anneal.jobs.placement.RankFailedException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.apache.spark.SparkException;

/**
 * What an exception means to the one who started the job. Immutable.
 *
 * @param code its class
 * @param message one line, from the exception that says most
 */
public record Failure(ExitCode code, String message) {

  /** Reads the chain of causes from the outside in; the first one that is known decides. */
  public static Failure of(Throwable thrown) {
    for (Throwable cause : chain(thrown)) {
      ExitCode code = classOf(cause);
      if (code != ExitCode.INTERNAL) {
        return new Failure(code, message(cause));
      }
    }
    List<Throwable> chain = chain(thrown);
    boolean lostBySpark = chain.stream().anyMatch(SparkException.class::isInstance);
    return lostBySpark && chain.get(chain.size() - 1) instanceof SparkException
        ? new Failure(ExitCode.INFRASTRUCTURE, message(thrown))
        : new Failure(ExitCode.INTERNAL, thrown.toString());
  }

  /** Whether the message says it all, so that a stack trace would only hide it. */
  public boolean explained() {
    return code == ExitCode.CONFIG || code == ExitCode.DATA || code == ExitCode.TRAINING;
  }

  private static ExitCode classOf(Throwable cause) {
    if (cause instanceof RankFailedException rank) {
      return rank.code();
    }
    if (cause instanceof ConfigException) {
      return ExitCode.CONFIG;
    }
    if (cause instanceof TrainingFailedException) {
      return ExitCode.TRAINING;
    }
    if (cause instanceof CollectiveException) {
      return ExitCode.INFRASTRUCTURE;
    }
    if (cause instanceof InterruptedException) {
      return ExitCode.INTERRUPTED;
    }
    if (cause instanceof InvalidRowException || cause instanceof InvalidShardException) {
      return ExitCode.DATA;
    }
    return cause instanceof IOException io ? classOf(io) : ExitCode.INTERNAL;
  }

  private static ExitCode classOf(IOException cause) {
    boolean data =
        cause instanceof FormatException
            || cause instanceof NoSuchFileException
            || cause instanceof FileNotFoundException
            || cause instanceof EOFException;
    return data ? ExitCode.DATA : ExitCode.INFRASTRUCTURE;
  }

  private static String message(Throwable cause) {
    String message = cause.getMessage() == null ? "" : cause.getMessage();
    if (cause instanceof NoSuchFileException || cause instanceof FileNotFoundException) {
      return "Cannot read " + message + ": no such file";
    }
    return message.isBlank() || cause instanceof EOFException ? cause.toString() : message;
  }

  private static List<Throwable> chain(Throwable thrown) {
    List<Throwable> chain = new ArrayList<>();
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Throwable at = thrown; at != null && seen.add(at); at = at.getCause()) {
      chain.add(at);
    }
    return chain;
  }
}
