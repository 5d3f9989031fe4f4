package dev.anneal.jobs.corpus;

import java.io.Serializable;

/**
 * A byte range of a file that one task reads.
 *
 * @param pass which repetition of the input this is, from 0
 * @param keep share of the rows that this pass takes, chosen by their content
 * @param end {@link Long#MAX_VALUE} for the rest of the file
 */
public record FileSlice(CorpusFile file, int pass, double keep, long start, long end)
    implements Serializable {}
