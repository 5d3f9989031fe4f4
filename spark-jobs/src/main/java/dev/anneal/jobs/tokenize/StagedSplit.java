package dev.anneal.jobs.tokenize;

import java.io.Serializable;
import java.util.List;

/**
 * What a task made of a split.
 *
 * @param path the staged file: ids one after another; for samples with labels each sample's ids,
 *     then its labels. Its documents are listed beside it, see {@link StagedFile#indexPath}
 * @param lengths tokens of each sample; empty for a stream of documents
 * @param sliceRows rows of each slice that were passed, so that the driver can number lines
 */
record StagedSplit(
    int index, String path, SplitCounts counts, int[] lengths, long[] sliceRows, List<BadRow> bad)
    implements Serializable {}
