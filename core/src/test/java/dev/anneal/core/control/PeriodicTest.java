package dev.anneal.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeriodicTest {
  @Test
  void aTimeThatFailsDoesNotEndTheOthers() throws Exception {
    BlockingQueue<String> times = new LinkedBlockingQueue<>();
    Runnable failing =
        () -> {
          times.add(Thread.currentThread().getName());
          throw new OutOfMemoryError("Java heap space");
        };
    Periodic periodic = Periodic.start("a guard", Duration.ofMillis(1), failing);
    try {
      for (int time = 0; time < 3; time++) {
        assertThat(times.poll(10, TimeUnit.SECONDS)).isEqualTo("a guard");
      }
    } finally {
      periodic.close();
    }
  }
}
