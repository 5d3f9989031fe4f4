package dev.anneal.jobs.tokenize.write;

import dev.anneal.data.shard.DocumentFormat;
import dev.anneal.jobs.tokenize.staging.StagedFile;
import java.util.List;

/**
 * A shard of whole documents: those that begin in a run of the token stream.
 *
 * @param files the staged files that hold the run's documents, in order
 * @param skip tokens of the first file that come before the run
 * @param tokens length of the run; the last document may reach past it
 * @param labels whether labels follow each document's ids in the staged files
 */
public record DocumentShard(
    DocumentFormat format,
    int index,
    int count,
    List<StagedFile> files,
    long skip,
    long tokens,
    boolean labels)
    implements ShardPlan {
  public DocumentShard {
    files = List.copyOf(files);
  }
}
