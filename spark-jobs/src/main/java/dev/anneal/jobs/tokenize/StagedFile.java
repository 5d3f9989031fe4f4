package dev.anneal.jobs.tokenize;

import java.io.Serializable;

/** A staged file and the tokens it holds. */
record StagedFile(String path, long tokens) implements Serializable {}
