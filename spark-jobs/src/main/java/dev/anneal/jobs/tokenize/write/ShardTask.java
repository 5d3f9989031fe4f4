package dev.anneal.jobs.tokenize.write;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.data.shard.DocumentSink;
import dev.anneal.data.shard.RowSink;
import dev.anneal.data.shard.ShardPlace;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.task.JavaBytes;
import dev.anneal.jobs.task.TaskMeter;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.function.Function;

/**
 * Phase two of the job, one call a shard: reads its tokens out of the staged files and writes it in
 * its place, in the form that its plan names. Every attempt writes the same bytes. Serializable,
 * stateless.
 */
public record ShardTask(HadoopFileStore store, String outputFolder, String stagingFolder)
    implements Function<byte[], byte[]> {

  @Override
  public byte[] call(byte[] plan) throws IOException {
    return JavaBytes.of(write(JavaBytes.to(ShardPlan.class, plan)));
  }

  private WrittenShard write(ShardPlan plan) throws IOException {
    long start = System.nanoTime();
    TaskMeter meter = TaskMeter.ofThread();
    try (TaskFiles files = new TaskFiles(store, outputFolder, stagingFolder)) {
      ShardPlace place = new ShardPlace(plan.index(), plan.count(), files);
      List<ShardManifest.Shard> written = write(plan, place);
      files.publish();
      long bytes = written.stream().mapToLong(ShardManifest.Shard::bytes).sum();
      meter.wrote(bytes, written.stream().mapToLong(file -> file.counts().rows()).sum());
      meter.read();
      return new WrittenShard(plan.format().name(), written, System.nanoTime() - start);
    }
  }

  private List<ShardManifest.Shard> write(ShardPlan plan, ShardPlace place) throws IOException {
    if (plan instanceof DocumentShard shard) {
      DocumentSink sink = shard.format().open(place);
      new WholeDocuments(store).write(shard, sink);
      return sink.finish();
    }
    if (plan instanceof SampleShard shard) {
      RowSink sink = shard.format().open(place);
      new SampleRows(store).write(shard, sink);
      return sink.finish();
    }
    BlockShard shard = (BlockShard) plan;
    RowSink sink = shard.format().open(place);
    new BlockRows(store).write(shard, sink);
    return sink.finish();
  }
}
