package dev.anneal.jobs.corpus;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.read.SourceRow;
import dev.anneal.jobs.config.SampleConfig;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * Takes some rows out of the files of an input without reading all of it: the first ones, or rows
 * at places that a seed chooses. Stateless but for the store.
 */
public final class RowPicker {
  private static final int MOST_SKIPPED = 32;
  private static final int TRIES = 20;
  private static final long SMALLEST_SLICE = 1 << 16;

  private final HadoopFileStore store;
  private final InputColumns columns;
  private final SampleConfig config;

  public RowPicker(HadoopFileStore store, InputColumns columns, SampleConfig config) {
    this.store = store;
    this.columns = columns;
    this.config = config;
  }

  public List<PickedRow> pick(InputConfig input, List<CorpusFile> files) throws IOException {
    return config.seed() < 0 ? first(input, files) : anywhere(input, files);
  }

  private List<PickedRow> first(InputConfig input, List<CorpusFile> files) throws IOException {
    List<PickedRow> picked = new ArrayList<>();
    for (FileSlice slice : slices(input, files, Long.MAX_VALUE)) {
      try (SliceRows rows = SliceRows.open(store, slice, columns.of(slice))) {
        Optional<SourceRow> row = rows.next();
        while (row.isPresent() && picked.size() < config.rows()) {
          if (!isBlank(row.get(), slice)) {
            picked.add(picked(slice, row.get()));
          }
          row = rows.next();
        }
      }
      if (picked.size() >= config.rows()) {
        break;
      }
    }
    return picked;
  }

  /** Slices by chance, and of each one a row near its beginning. */
  private List<PickedRow> anywhere(InputConfig input, List<CorpusFile> files) throws IOException {
    long total = files.stream().mapToLong(CorpusFile::bytes).sum();
    long slice = Math.max(SMALLEST_SLICE, total / (64L * config.rows()));
    List<FileSlice> slices = slices(input, files, slice);
    Random random = new Random(config.seed());
    Set<String> places = new HashSet<>();
    List<PickedRow> picked = new ArrayList<>();
    for (int i = 0; i < TRIES * config.rows() && picked.size() < config.rows(); i++) {
      FileSlice chosen = slices.get(random.nextInt(slices.size()));
      Optional<PickedRow> row = near(chosen, random.nextInt(MOST_SKIPPED));
      if (row.isPresent() && places.add(row.get().place())) {
        picked.add(row.get());
      }
    }
    return picked;
  }

  /** A row after some others of its slice; the last one where there are fewer. */
  private Optional<PickedRow> near(FileSlice slice, int skipped) throws IOException {
    Optional<PickedRow> found = Optional.empty();
    try (SliceRows rows = SliceRows.open(store, slice, columns.of(slice))) {
      Optional<SourceRow> row = rows.next();
      for (int i = 0; row.isPresent() && i <= skipped; i++) {
        if (!isBlank(row.get(), slice)) {
          found = Optional.of(picked(slice, row.get()));
        }
        row = rows.next();
      }
    }
    return found;
  }

  private static List<FileSlice> slices(
      InputConfig input, List<CorpusFile> files, long splitBytes) {
    return SplitPlanner.plan(List.of(input.withWeight(1)), List.of(files), splitBytes).stream()
        .flatMap(split -> split.slices().stream())
        .toList();
  }

  private static PickedRow picked(FileSlice slice, SourceRow row) {
    String place = slice.file().display() + ":" + row.number();
    byte[] content = Arrays.copyOfRange(row.bytes(), row.start(), row.end());
    SourceRow own = new SourceRow(row.number(), content, 0, content.length, row.fault());
    return new PickedRow(
        slice.start() > 0 ? place + " after byte " + slice.start() : place,
        slice.file().format(),
        own);
  }

  private static boolean isBlank(SourceRow row, FileSlice slice) {
    return slice.file().format() == InputConfig.Format.JSONL
        && row.fault().isEmpty()
        && row.isBlank();
  }
}
