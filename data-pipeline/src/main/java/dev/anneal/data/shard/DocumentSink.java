package dev.anneal.data.shard;

import dev.anneal.core.data.ShardManifest;
import java.io.IOException;
import java.util.List;

/** Takes the documents of one shard in order, each in pieces. Confined to one thread. */
public interface DocumentSink {
  /**
   * Takes the next piece of the open document, so that a large one is never held whole.
   *
   * @param ids the caller's array, reused after
   * @param labels one for each id, {@link dev.anneal.core.data.TokenRow#IGNORE_INDEX} where there
   *     is no loss; the same array as {@code ids} in continued pretraining
   * @param count how many of them count
   */
  void write(int[] ids, int[] labels, int count) throws IOException;

  /** Ends the open document, which has at least one token. */
  void endDocument() throws IOException;

  /** Ends the shard's files and says what each holds, for the manifest. Closing them is not it. */
  List<ShardManifest.Shard> finish() throws IOException;
}
