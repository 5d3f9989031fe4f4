package dev.anneal.spark.ml.task;

import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.task.JavaBytes;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import dev.anneal.jobs.tokenizer.TokenizerFiles;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * A tokenizer's files where every executor finds them; they travel to each once, when its first
 * task asks. Thread-safe; serializable. Owns nothing native: leases do.
 *
 * @param application the Spark application whose executors can ask for the files
 * @param files {@link TokenizerFiles} as {@link JavaBytes}
 */
public record ShippedTokenizer(
    String application, String hash, SpecialTokens specialTokens, Broadcast<byte[]> files)
    implements Serializable {

  /** Opens the tokenizer here first, so that its faults show before any task starts. */
  public static ShippedTokenizer of(
      SparkSession session, TokenizerFiles files, SpecialTokens specialTokens) {
    try {
      String hash = files.contentHash();
      OpenTokenizers.ofProcess().acquire(hash, specialTokens, () -> files).close();
      JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
      return new ShippedTokenizer(
          context.sc().applicationId(),
          hash,
          specialTokens,
          context.broadcast(JavaBytes.of(files)));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read tokenizer " + files.folder() + ": " + e.getMessage(), e);
    }
  }

  /** Whether these files can be used for a session that wants others of the same content. */
  public boolean holds(SparkSession session, TokenizerFiles others) {
    try {
      return application.equals(session.sparkContext().applicationId())
          && hash.equals(others.contentHash());
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot read tokenizer " + others.folder() + ": " + e.getMessage(), e);
    }
  }

  public OpenTokenizers.Lease lease() {
    try {
      return OpenTokenizers.ofProcess().acquire(hash, specialTokens, this::contents);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot open a tokenizer: " + e.getMessage(), e);
    }
  }

  public TokenizerFolder folder() {
    try (OpenTokenizers.Lease lease = lease()) {
      return lease.folder();
    }
  }

  public TokenizerFiles contents() {
    return JavaBytes.to(TokenizerFiles.class, files.value());
  }
}
