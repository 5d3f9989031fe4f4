package dev.anneal.data.shard;

import java.io.IOException;

/**
 * A format whose unit is the document with its end-of-text token (continued pretraining), or the
 * unpacked sample with its labels (supervised fine-tuning). A shard holds the documents that begin
 * in its run of the token stream; it may hold none where one document is larger than a shard.
 */
public non-sealed interface DocumentFormat extends ShardFormat {
  /** Starts a shard; its files are created through the place. */
  DocumentSink open(ShardPlace place) throws IOException;
}
