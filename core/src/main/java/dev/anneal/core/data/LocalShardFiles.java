package dev.anneal.core.data;

import dev.anneal.core.io.FileRanges;
import dev.anneal.core.io.Sha256;
import dev.anneal.core.io.StoreWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A folder of this machine: nothing is copied. */
record LocalShardFiles(Path path) implements ShardFiles {

  @Override
  public String folder() {
    return path.toString();
  }

  @Override
  public boolean present() {
    return Files.isDirectory(path);
  }

  @Override
  public boolean exists(String file) {
    return Files.exists(path.resolve(file));
  }

  @Override
  public byte[] read(String file) throws IOException {
    return Files.readAllBytes(path.resolve(file));
  }

  @Override
  public long size(String file) throws IOException {
    return Files.size(path.resolve(file));
  }

  @Override
  public String sha256(String file) throws IOException {
    return Sha256.of(path.resolve(file));
  }

  @Override
  public Optional<Path> inPlace(String file) {
    return Optional.of(path.resolve(file));
  }

  @Override
  public FileRanges ranges(String file) throws IOException {
    return FileRanges.open(path.resolve(file));
  }

  @Override
  public FileRanges fetch(String file, Optional<String> sha256) throws IOException {
    return ranges(file);
  }

  @Override
  public void expect(String file, Optional<String> sha256) {}

  @Override
  public int openAtOnce() {
    return Integer.MAX_VALUE;
  }

  @Override
  public Path derived(String name, StoreWriter maker) {
    throw new UnsupportedOperationException("Cannot derive " + name + ": the files are in place");
  }

  @Override
  public void close() {}
}
