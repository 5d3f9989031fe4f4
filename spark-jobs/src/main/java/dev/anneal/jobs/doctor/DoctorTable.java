package dev.anneal.jobs.doctor;

import dev.anneal.core.config.MemorySize;
import dev.anneal.core.tensor.CudaCard;
import dev.anneal.core.tensor.CudaDriver;
import dev.anneal.core.tensor.LibtorchFacts;
import dev.anneal.jobs.placement.ExecutorFacts;
import java.util.ArrayList;
import java.util.List;

/** What executors compute with, a line each and one for every card, in columns. Stateless. */
final class DoctorTable {
  private static final List<String> HEAD =
      List.of("executor", "host", "ranks", "libtorch", "units", "cuda", "driver", "nccl", "cards");
  private static final String NONE = "-";
  private static final String GAP = "  ";

  private DoctorTable() {}

  static List<String> of(List<ExecutorFacts> executors) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEAD);
    for (ExecutorFacts executor : executors) {
      rows.addAll(rows(executor));
    }
    int[] widths = new int[HEAD.size()];
    for (List<String> row : rows) {
      for (int column = 0; column < row.size(); column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static List<List<String>> rows(ExecutorFacts executor) {
    LibtorchFacts libtorch = executor.libtorch();
    CudaDriver driver = executor.driver();
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            executor.executor(),
            executor.host(),
            ranks(executor),
            libtorch.problem().isEmpty()
                ? libtorch.version() + (libtorch.knowsCuda() ? " cuda" : " cpu")
                : "missing",
            libtorch.units(),
            given(libtorch.cuda()),
            driver(driver),
            given(libtorch.nccl()),
            driver.cards().isEmpty() ? driver.problem() : card(driver.cards(), 0)));
    for (int ordinal = 1; ordinal < driver.cards().size(); ordinal++) {
      rows.add(List.of("", "", "", "", "", "", "", "", card(driver.cards(), ordinal)));
    }
    return rows;
  }

  /** How many there is room for, and the cards that Spark gave them. */
  private static String ranks(ExecutorFacts executor) {
    return executor.tasks()
        + (executor.addresses().isEmpty() ? "" : ": gpu " + String.join(",", executor.addresses()));
  }

  private static String driver(CudaDriver driver) {
    if (driver.cuda().isEmpty()) {
      return NONE;
    }
    return (driver.release().isEmpty() ? "" : driver.release() + " ") + "cuda " + driver.cuda();
  }

  private static String card(List<CudaCard> cards, int ordinal) {
    CudaCard card = cards.get(ordinal);
    return ordinal
        + ": "
        + card.name()
        + ", "
        + new MemorySize(card.memory())
        + ", compute capability "
        + card.computeCapability();
  }

  private static String given(String text) {
    return text.isEmpty() ? NONE : text;
  }

  private static String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < row.size(); column++) {
      String cell = row.get(column);
      line.append(column == 0 ? "" : GAP).append(cell);
      line.append(" ".repeat(widths[column] - cell.length()));
    }
    return line.toString().stripTrailing();
  }
}
