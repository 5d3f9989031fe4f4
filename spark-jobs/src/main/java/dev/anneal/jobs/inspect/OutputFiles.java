package dev.anneal.jobs.inspect;

import dev.anneal.core.data.InvalidShardException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The files of formats other than Arrow: what they hold, after a look at every byte. Stateless. */
final class OutputFiles {
  private OutputFiles() {}

  /** An {@link InvalidShardException} names the first file that is not the manifest's. */
  static void describe(Page page, Path folder, ShardManifest manifest) throws IOException {
    for (ShardManifest.Output output : manifest.outputs()) {
      long bytes = 0;
      for (ShardManifest.Shard file : output.files()) {
        require(folder.resolve(file.file()).normalize(), folder, file);
        bytes += file.bytes();
      }
      page.line(
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

  private static void require(Path path, Path folder, ShardManifest.Shard file) throws IOException {
    if (!path.startsWith(folder.normalize())) {
      throw new InvalidShardException(
          "Cannot read " + path + ": the manifest's name leads out of its folder");
    }
    if (!Files.isRegularFile(path)) {
      throw new InvalidShardException("Cannot read " + path + ": no such file");
    }
    if (Files.size(path) != file.bytes() || !Sha256.of(path).equals(file.sha256())) {
      throw new InvalidShardException(
          "Cannot read " + path + ": its size or sha256 differs from the manifest's");
    }
  }
}
