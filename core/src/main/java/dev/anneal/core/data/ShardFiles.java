package dev.anneal.core.data;

import dev.anneal.core.io.FileRanges;
import dev.anneal.core.io.StoreWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The files of one shard folder, wherever it lies: on this machine, where they are mapped in place,
 * or elsewhere, from where whole files come when they are asked for. Names are relative to the
 * folder. Implementations are thread-safe.
 */
public interface ShardFiles extends AutoCloseable {
  /** A folder of this machine. */
  static ShardFiles of(Path folder) {
    return new LocalShardFiles(folder);
  }

  /** The folder as users know it. */
  String folder();

  /** Whether there is such a folder. */
  boolean present() throws IOException;

  boolean exists(String file) throws IOException;

  /** A small file at once; {@link java.nio.file.NoSuchFileException} where there is none. */
  byte[] read(String file) throws IOException;

  long size(String file) throws IOException;

  /** The hash of a file, all of which is read for it. */
  String sha256(String file) throws IOException;

  /** Where a file lies on this machine; empty for files of elsewhere, which are fetched. */
  Optional<Path> inPlace(String file);

  /** A file of elsewhere by ranges, without fetching the rest of it; the caller closes it. */
  FileRanges ranges(String file) throws IOException;

  /**
   * The whole of a file of elsewhere, kept on this machine for whoever reads it too; waits until it
   * is there. The caller closes it.
   *
   * @param sha256 what the bytes must hash to, where that is known
   */
  FileRanges fetch(String file, Optional<String> sha256) throws IOException;

  /** Says that a file will be fetched soon; returns at once. */
  void expect(String file, Optional<String> sha256);

  /** How many fetched files may stay open: as long as one is, its bytes stay on the disk. */
  int openAtOnce();

  /** A file made from others of the folder, once for all who share this machine. */
  Path derived(String name, StoreWriter maker) throws IOException;

  /** Ends what {@link #expect} began. */
  @Override
  void close() throws IOException;
}
