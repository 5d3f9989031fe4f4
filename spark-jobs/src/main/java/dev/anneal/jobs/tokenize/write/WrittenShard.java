package dev.anneal.jobs.tokenize.write;

import dev.anneal.core.data.ShardManifest;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * The files that a task made of one shard.
 *
 * @param nanos how long it took
 */
public record WrittenShard(String format, List<ShardManifest.Shard> files, long nanos)
    implements Serializable {
  public WrittenShard {
    files = List.copyOf(files);
  }

  /** All files of a format, in order. */
  static List<ShardManifest.Shard> filesOf(String format, List<WrittenShard> shards) {
    List<ShardManifest.Shard> files = new ArrayList<>();
    for (WrittenShard shard : shards) {
      if (shard.format().equals(format)) {
        files.addAll(shard.files());
      }
    }
    return files;
  }
}
