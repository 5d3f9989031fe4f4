package dev.anneal.jobs.inspect;

import dev.anneal.core.data.InvalidShardException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The files of formats other than Arrow: what they hold, after a look at every byte. Stateless. */
final class OutputFiles {
  private static final int BUFFER_BYTES = 1 << 18;

  private OutputFiles() {}

  /** An {@link InvalidShardException} names the first file that is not the manifest's. */
  static void describe(Inspection.Request request, ShardManifest manifest) throws IOException {
    for (ShardManifest.Output output : manifest.outputs()) {
      long bytes = 0;
      for (ShardManifest.Shard file : output.files()) {
        require(request, file);
        bytes += file.bytes();
      }
      request
          .page()
          .line(
              "output",
              "%s %s rows or documents %s tokens %d files %s"
                  .formatted(
                      output.format(),
                      Page.count(output.counts().rows()),
                      Page.count(output.counts().tokens()),
                      output.files().size(),
                      Page.bytes(bytes)));
    }
  }

  /** A file is read where it lies: nothing of it is kept. */
  private static void require(Inspection.Request request, ShardManifest.Shard file)
      throws IOException {
    String path = request.child(file.file());
    Path below = Path.of(file.file()).normalize();
    if (below.isAbsolute() || below.startsWith("..")) {
      throw new InvalidShardException(
          "Cannot read " + path + ": the manifest's name leads out of its folder");
    }
    Sha256 sha = new Sha256();
    long bytes = 0;
    try (InputStream in = request.store().open(path)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        sha.update(buffer, 0, read);
        bytes += read;
      }
    } catch (NoSuchFileException e) {
      throw new InvalidShardException("Cannot read " + path + ": no such file", e);
    }
    if (bytes != file.bytes() || !sha.hex().equals(file.sha256())) {
      throw new InvalidShardException(
          "Cannot read " + path + ": its size or sha256 differs from the manifest's");
    }
  }
}
