package dev.anneal.jobs.tokenize.write;

import java.io.Serializable;

/**
 * Pieces of staged samples as columns, which keeps a large plan small.
 *
 * @param path index of the staged file
 * @param offset first byte of the sample's ids in it; its labels follow
 * @param sampleLength tokens of the sample
 * @param start first token of the piece
 * @param length tokens of the piece
 */
record StagedPieces(int[] path, long[] offset, int[] sampleLength, int[] start, int[] length)
    implements Serializable {
  int count() {
    return path.length;
  }
}
