package dev.anneal.core.train;

import dev.anneal.core.checkpoint.RankFile;
import java.io.IOException;
import java.util.List;

/** Makes the files of all ranks a valid checkpoint; called on rank 0 alone, blocks until done. */
public interface CheckpointCommitter {
  void commit(TrainState state, List<RankFile> files) throws IOException;
}
