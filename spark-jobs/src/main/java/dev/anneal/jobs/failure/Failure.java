package dev.anneal.jobs.failure;

import dev.anneal.core.collective.CollectiveException;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.control.ControlException;
import dev.anneal.core.data.InvalidRowException;
import dev.anneal.core.data.InvalidShardException;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.run.RunLockLostException;
import dev.anneal.core.run.TrainingFailedException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkException;

/**
 * What an exception means to the one who started the job. Immutable.
 *
 * @param code its class
 * @param message one line, from the exception that says most
 */
public record Failure(ExitCode code, String message) {
  /** How our own messages begin; those of libraries need their trace. */
  private static final Pattern SAYS_WHAT =
      Pattern.compile("(Rank \\d+ on \\S+: )?Cannot |Stopped ");

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

  /** Whether the job lost its folder to another process, so that it may not even say so there. */
  public static boolean fenced(Throwable thrown) {
    return chain(thrown).stream().anyMatch(RunLockLostException.class::isInstance);
  }

  /** Whether the message says it all, so that a stack trace would only hide it. */
  public boolean explained() {
    return switch (code) {
      case CONFIG, DATA, TRAINING -> true;
      case INFRASTRUCTURE, INTERRUPTED -> SAYS_WHAT.matcher(message).lookingAt();
      case OK, INTERNAL -> false;
    };
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
    if (cause instanceof CollectiveException
        || cause instanceof ControlException
        || cause instanceof RunLockLostException) {
      return ExitCode.INFRASTRUCTURE;
    }
    if (cause instanceof InterruptedException || cause instanceof StoppedException) {
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
    if (data) {
      return ExitCode.DATA;
    }
    return chain(cause).stream().anyMatch(Failure::isPathToMend)
        ? ExitCode.CONFIG
        : ExitCode.INFRASTRUCTURE;
  }

  /** A path that no retry can use: no permission, or a file where a folder must be. */
  private static boolean isPathToMend(Throwable cause) {
    return cause instanceof AccessDeniedException
        || cause instanceof AccessControlException
        || cause instanceof FileAlreadyExistsException
        || cause instanceof NotDirectoryException;
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
