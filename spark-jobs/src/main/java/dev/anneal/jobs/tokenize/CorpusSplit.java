package dev.anneal.jobs.tokenize;

import java.io.Serializable;
import java.util.List;

/** What one task tokenizes: neighbouring slices of one input. */
record CorpusSplit(int index, int input, List<FileSlice> slices) implements Serializable {
  CorpusSplit {
    slices = List.copyOf(slices);
  }
}
