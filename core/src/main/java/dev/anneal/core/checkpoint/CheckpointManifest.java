package dev.anneal.core.checkpoint;

import dev.anneal.core.format.Shape;
import dev.anneal.core.optim.LossScale;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A checkpoint's table of contents; its presence is the commit marker. Immutable.
 *
 * @param attempt which attempt at this step wrote the files
 * @param parameters shape of every trained parameter, in the order of the flat buffer
 * @param fingerprint settings that must agree when the run is resumed
 * @param lossScale of the next step, in fp16
 */
public record CheckpointManifest(
    TrainPosition position,
    int worldSize,
    String attempt,
    Map<String, Shape> parameters,
    Map<String, String> fingerprint,
    List<RankFile> files,
    Optional<LossScale> lossScale) {
  public CheckpointManifest {
    if (worldSize <= 0) {
      throw new IllegalArgumentException("Invalid world_size: " + worldSize + " (must be > 0)");
    }
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    fingerprint = Collections.unmodifiableMap(new TreeMap<>(fingerprint));
    files = List.copyOf(files);
    SliceCoverage.check(parameters, files);
  }

  /** Without a loss scale. */
  public CheckpointManifest(
      TrainPosition position,
      int worldSize,
      String attempt,
      Map<String, Shape> parameters,
      Map<String, String> fingerprint,
      List<RankFile> files) {
    this(position, worldSize, attempt, parameters, fingerprint, files, Optional.empty());
  }

  public long step() {
    return position.step();
  }
}
