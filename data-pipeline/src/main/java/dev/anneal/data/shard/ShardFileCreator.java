package dev.anneal.data.shard;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Creates the files of one shard, as many as its format has. They take their places together once
 * the sink is finished; the files of a failed attempt never appear.
 */
@FunctionalInterface
public interface ShardFileCreator {
  /**
   * A new file, closed by its owner, not by the sink.
   *
   * @param name path below the output folder, with {@code /}, such as {@code megatron/data.bin}
   */
  OutputStream create(String name) throws IOException;
}
