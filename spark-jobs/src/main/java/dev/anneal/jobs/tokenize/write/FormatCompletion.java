package dev.anneal.jobs.tokenize.write;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.shard.ArrowFormat;
import dev.anneal.data.shard.ShardFormat;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Ends every format once all shards are written, and says what there is. Stateless. */
public record FormatCompletion(HadoopFileStore store, String outputFolder, String stagingFolder) {

  public ShardManifest complete(
      ShardPlans plans, List<WrittenShard> written, ShardManifest.Origin origin)
      throws IOException {
    List<ShardManifest.Shard> arrow = List.of();
    List<ShardManifest.Output> others = new ArrayList<>();
    try (TaskFiles files = new TaskFiles(store, outputFolder, stagingFolder)) {
      for (ShardFormat format : plans.formats()) {
        List<ShardManifest.Shard> shards =
            format.complete(files, WrittenShard.filesOf(format.name(), written));
        if (format instanceof ArrowFormat) {
          arrow = shards;
        } else {
          others.add(new ShardManifest.Output(format.name(), shards));
        }
      }
      files.publish();
    }
    String version = FormatCompletion.class.getPackage().getImplementationVersion();
    return ShardManifest.of(
        version == null ? "development" : version, plans.columns().names(), arrow, others, origin);
  }
}
