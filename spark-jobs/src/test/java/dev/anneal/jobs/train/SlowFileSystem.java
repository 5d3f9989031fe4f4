package dev.anneal.jobs.train;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;

/** Local files under {@code slow://}, where the weights of a model take a while to write. */
public final class SlowFileSystem extends RawLocalFileSystem {
  static final String SETTING = "spark.hadoop.fs.slow.impl";
  static final Duration DELAY = Duration.ofMillis(6500);
  static final AtomicInteger EXPORTS = new AtomicInteger();

  @Override
  public String getScheme() {
    return "slow";
  }

  @Override
  public URI getUri() {
    return URI.create("slow:///");
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    if (file.getParent().getName().equals("model") && file.getName().contains(".safetensors")) {
      EXPORTS.incrementAndGet();
      await();
    }
    return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
  }

  private static void await() throws IOException {
    try {
      new CountDownLatch(1).await(DELAY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
