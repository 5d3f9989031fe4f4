package dev.anneal.jobs.tokenize.staging;

import dev.anneal.jobs.corpus.CorpusSplit;

/**
 * A document or sample in a staged file, with an address that depends on nothing but the input:
 * splits and slices follow from the sizes of the files alone, so (split, slice, row) names the same
 * row in every run over the same corpus. {@link CorpusSplit} gives the slice's input and file.
 *
 * @param slice index of its slice within the split
 * @param row its line or element within the slice, from 1
 * @param tokens of it, the end-of-text token included
 */
public record StagedDocument(int slice, long row, long tokens) {}
