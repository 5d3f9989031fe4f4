package dev.anneal.data.shard;

import dev.anneal.core.data.ShardColumns;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.TokenRow;
import java.io.IOException;
import java.util.List;

/**
 * The layout of {@code datasets.save_to_disk}, which the trainer reads: Arrow streams at the top of
 * the output folder.
 */
public record ArrowFormat(ShardColumns columns) implements RowFormat {
  @Override
  public String name() {
    return "arrow";
  }

  @Override
  public RowSink open(ShardPlace place) throws IOException {
    String file = ShardFolderWriter.shardName(place.index(), place.count());
    ShardWriter writer = new ShardWriter(place.files().create(file), columns);
    return new RowSink() {
      @Override
      public void write(TokenRow row) throws IOException {
        writer.write(row);
      }

      @Override
      public List<ShardManifest.Shard> finish() throws IOException {
        return List.of(writer.finish(file));
      }
    };
  }
}
