package dev.anneal.core.checkpoint;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.format.WrittenFile;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A rank's side of a checkpoint: one file under a name that no other attempt uses. The file means
 * nothing until the driver has put the returned {@link RankFile} into a committed manifest.
 * Thread-safe.
 */
public final class RankCheckpointWriter {
  private final FileStore store;
  private final String folder;

  /**
   * @param folder the run's {@code checkpoints} folder
   */
  public RankCheckpointWriter(FileStore store, String folder) {
    this.store = store;
    this.folder = folder;
  }

  /** Writes the rank's file and returns what the manifest must say about it. */
  public RankFile write(RankShard shard) throws IOException {
    String name = CheckpointLayout.rankFile(shard.rank(), shard.worldSize(), shard.attempt());
    List<StateKind> kinds = new ArrayList<>();
    List<TensorSource> tensors = new ArrayList<>();
    shard
        .states()
        .forEach(
            (kind, chunks) -> {
              kinds.add(kind);
              tensors.add(
                  new TensorSource(
                      kind.tensorName(), DType.F32, Shape.of(shard.elements()), chunks));
            });
    String path = FileStore.join(CheckpointLayout.stepFolder(folder, shard.step()), name);
    WrittenFile written = new SafetensorsWriter(store).write(path, tensors, Map.of());
    return new RankFile(
        name,
        shard.rank(),
        written.bytes(),
        written.sha256(),
        shard.elements(),
        kinds,
        shard.slices());
  }
}
