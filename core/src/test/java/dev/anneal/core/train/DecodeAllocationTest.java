package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.model.DecodeSession;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A generated token makes about 1.3 kB of short-lived objects in Java, those of two native calls,
 * whatever batch, vocabulary and length.
 */
class DecodeAllocationTest {
  private static final int WARM_UP = 32;
  private static final int TOKENS = 128;
  private static final long BYTES_PER_TOKEN = 2048;

  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  void aTokenAllocatesNextToNothing(int batch) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      ModelFolder folder = ModelFolder.open(Parity.folder("qwen3"));
      try (TrainedModel model = TrainedModel.forInference(runtime, folder, Optional.empty());
          DecodeSession session = model.model().decode(batch, 8 + WARM_UP + TOKENS)) {
        float[] logits = new float[Math.toIntExact(model.config().vocabSize())];
        int[] tokens = new int[batch];
        session.prefill(Collections.nCopies(batch, new int[] {3, 4, 5}));
        steps(session, tokens, logits, WARM_UP);
        long handles = runtime.liveTensors();
        long before = threads.getThreadAllocatedBytes(thread);
        steps(session, tokens, logits, TOKENS);
        long bytes = threads.getThreadAllocatedBytes(thread) - before;
        assertThat(bytes / TOKENS).as("bytes a token").isLessThan(BYTES_PER_TOKEN);
        assertThat(runtime.liveTensors()).isEqualTo(handles);
      }
    }
  }

  private static void steps(DecodeSession session, int[] tokens, float[] logits, int count) {
    for (int i = 0; i < count; i++) {
      for (int sequence = 0; sequence < tokens.length; sequence++) {
        session.logits(sequence, logits);
        tokens[sequence] = i % 7;
      }
      session.step(tokens);
    }
  }
}
