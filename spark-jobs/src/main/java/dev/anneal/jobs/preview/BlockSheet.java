package dev.anneal.jobs.preview;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.sft.EncodedRow;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.jobs.corpus.PickedRow;
import dev.anneal.jobs.tokenize.choose.StepsText;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Documents laid end to end and cut into blocks, as continued pretraining does. Immutable. */
record BlockSheet(EncoderPlan plan, Tokenizer tokenizer, InputConfig input) {

  /** A line for each block, and for each document that gives none. */
  List<PreviewSheet.Line> rows(List<PickedRow> picked) {
    StepsText texts = StepsText.of(plan.config().stage(), input);
    List<PreviewSheet.Line> lines = new ArrayList<>();
    List<Integer> ids = new ArrayList<>();
    List<String> titles = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    for (PickedRow row : picked) {
      int[] encoded;
      try {
        encoded = tokenizer.encode(texts.document(row.row(), row.format()));
      } catch (IllegalArgumentException e) {
        lines.add(PreviewSheet.Line.unusable(row, "bad row: " + e.getMessage()));
        continue;
      }
      if (encoded.length == 0) {
        lines.add(PreviewSheet.Line.unusable(row, "left out: empty"));
      } else {
        starts.add(ids.size());
        titles.add(row.place());
        add(encoded, ids);
      }
    }
    int size = plan.config().blockSize();
    for (int start = 0; start < ids.size(); start += size) {
      int end = Math.min(ids.size(), start + size);
      int[] block = ids.subList(start, end).stream().mapToInt(Integer::intValue).toArray();
      String title = "block " + start / size + " of " + documents(start, end, starts, titles);
      lines.add(new PreviewSheet.Line(title, "", new EncodedRow(block, block, false), ""));
    }
    return lines;
  }

  private void add(int[] encoded, List<Integer> ids) {
    List<Integer> after = tokenizer.documentSuffix();
    ids.addAll(tokenizer.documentPrefix());
    IntStream.of(encoded).forEach(ids::add);
    ids.addAll(after);
    if (after.isEmpty() || after.get(after.size() - 1) != plan.eosId()) {
      ids.add(plan.eosId());
    }
  }

  /** The documents of a block, each with its first token in the block. */
  private static String documents(int start, int end, List<Integer> starts, List<String> titles) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < starts.size(); i++) {
      int next = i + 1 < starts.size() ? starts.get(i + 1) : Integer.MAX_VALUE;
      if (starts.get(i) < end && next > start) {
        String where = starts.get(i) < start ? "goes on" : "from token " + (starts.get(i) - start);
        parts.add(titles.get(i) + " (" + where + ")");
      }
    }
    return String.join(", ", parts);
  }
}
