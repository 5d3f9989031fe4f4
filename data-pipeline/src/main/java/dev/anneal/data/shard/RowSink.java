package dev.anneal.data.shard;

import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.TokenRow;
import java.io.IOException;
import java.util.List;

/** Takes the rows of one shard in order. Confined to one thread. */
public interface RowSink {
  /** Takes a row, whose arrays are the caller's and may be reused after. */
  void write(TokenRow row) throws IOException;

  /** Ends the shard's files and says what each holds, for the manifest. Closing them is not it. */
  List<ShardManifest.Shard> finish() throws IOException;
}
