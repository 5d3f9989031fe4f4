package dev.anneal.jobs.tokenize;

import java.io.Serializable;

/**
 * A split and what may be there of it already.
 *
 * @param staged path of the staged file of an earlier run; empty without one
 */
record SplitWork(CorpusSplit split, String staged) implements Serializable {}
