package dev.anneal.data.tokenize;

import java.io.IOException;

/**
 * Encodes documents one after another, straight from their bytes, with buffers of its own. The hot
 * path of the tokenize stage. Confined to one thread; borrows its {@link Tokenizer}, which must
 * stay open.
 */
@FunctionalInterface
public interface Utf8Encoder {
  /**
   * Hands the ids of a text to a sink: the same as {@link Tokenizer#encode} gives in one array, in
   * as many pieces as it likes, so that a long text needs no array of all its ids.
   *
   * @param utf8 well-formed UTF-8, which the caller has made sure of; left as it is
   * @param start index of the text's first byte
   * @param end index after its last byte
   * @throws IOException what the sink throws
   */
  void encode(byte[] utf8, int start, int end, IdSink ids) throws IOException;
}
