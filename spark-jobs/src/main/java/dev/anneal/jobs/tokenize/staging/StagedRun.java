package dev.anneal.jobs.tokenize.staging;

import java.util.ArrayList;
import java.util.List;

/**
 * A run of the token stream within the staged files.
 *
 * @param files those that hold it, in order
 * @param skip tokens of the first file that come before the run
 */
public record StagedRun(List<StagedFile> files, long skip) {

  /** Finds run after run, each beginning where the one before ended. Confined to one thread. */
  public static final class Cutter {
    private final List<StagedSplit> staged;
    private int file;
    private long before; // tokens in the files before this one
    private long position;

    public Cutter(List<StagedSplit> staged) {
      this.staged = staged;
    }

    /** The next run, of at least one token that there is. */
    public StagedRun next(long tokens) {
      while (before + staged.get(file).counts().tokens() <= position) {
        before += staged.get(file++).counts().tokens();
      }
      long skip = position - before;
      position += tokens;
      List<StagedFile> files = new ArrayList<>();
      long covered = before;
      for (int at = file; covered < position; at++) {
        StagedSplit split = staged.get(at);
        if (split.counts().tokens() > 0) {
          files.add(new StagedFile(split.path(), split.counts().tokens()));
        }
        covered += split.counts().tokens();
      }
      return new StagedRun(files, skip);
    }
  }
}
