package dev.anneal.core.checkpoint;

import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Ranks that hold two parameters of odd sizes, cut in equal chunks of a padded flat buffer. Element
 * e of the buffer has the value {@code 1000·kind + step + e/100}.
 */
final class Ranks {
  static final Map<String, Shape> PARAMETERS = parameters();
  static final List<StateKind> KINDS =
      List.of(StateKind.PARAMETERS, new StateKind("first_moment"), new StateKind("second_moment"));
  private static final int ELEMENTS = 7 * 5 + 11;

  private final FileStore store;
  private final String checkpoints;
  private final int worldSize;

  Ranks(FileStore store, String checkpoints, int worldSize) {
    this.store = store;
    this.checkpoints = checkpoints;
    this.worldSize = worldSize;
  }

  private static Map<String, Shape> parameters() {
    Map<String, Shape> parameters = new LinkedHashMap<>();
    parameters.put("layers.0.lora_A.weight", Shape.of(7, 5));
    parameters.put("norm.参数", Shape.of(11));
    return parameters;
  }

  static float value(StateKind kind, long step, String parameter, long offset) {
    long element = offset + (parameter.startsWith("norm") ? 35 : 0);
    return 1000 * KINDS.indexOf(kind) + step + element / 100f;
  }

  RankFile write(long step, int rank, String attempt) throws IOException {
    int chunk = (ELEMENTS + worldSize - 1) / worldSize;
    List<StateSlice> slices = new ArrayList<>();
    long start = 0;
    for (Map.Entry<String, Shape> parameter : PARAMETERS.entrySet()) {
      long end = start + parameter.getValue().elements();
      long from = Math.max(start, (long) rank * chunk);
      long to = Math.min(end, (rank + 1L) * chunk);
      if (from < to) {
        slices.add(
            new StateSlice(
                parameter.getKey(), from - start, to - from, from - (long) rank * chunk));
      }
      start = end;
    }
    Map<StateKind, TensorSource.Chunks> states = new LinkedHashMap<>();
    for (StateKind kind : KINDS) {
      states.put(kind, sink -> sink.write(chunk(kind, step, rank * chunk, chunk)));
    }
    return new RankCheckpointWriter(store, checkpoints)
        .write(new RankShard(step, rank, worldSize, attempt, chunk, slices, states));
  }

  private static ByteBuffer chunk(StateKind kind, long step, int from, int length) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(4 * length).order(ByteOrder.nativeOrder());
    for (int i = from; i < from + length; i++) {
      bytes.putFloat(i < ELEMENTS ? 1000 * KINDS.indexOf(kind) + step + i / 100f : -1f);
    }
    return bytes.flip();
  }

  CheckpointManifest manifest(long step, String attempt, List<RankFile> files) {
    return new CheckpointManifest(
        new TrainPosition(step, 1, 8 * step, 100 * step, 90 * step, 42),
        worldSize,
        attempt,
        PARAMETERS,
        Map.of("learning_rate", "1.0E-4", "seed", "42"),
        files);
  }

  /** What every rank and then the driver do. */
  Checkpoint save(long step, String attempt) throws IOException {
    List<RankFile> files = new ArrayList<>();
    for (int rank = 0; rank < worldSize; rank++) {
      files.add(RankFile.fromJson(write(step, rank, attempt).toJson()));
    }
    return new CheckpointStore(store, checkpoints, message -> {})
        .commit(manifest(step, attempt, files));
  }
}
