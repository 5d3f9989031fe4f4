package dev.anneal.jobs.tokenize.staging;

import dev.anneal.jobs.corpus.CorpusSplit;
import java.io.Serializable;

/**
 * A split and what may be there of it already.
 *
 * @param staged path of the staged file of an earlier run; empty without one
 */
public record SplitWork(CorpusSplit split, String staged) implements Serializable {}
