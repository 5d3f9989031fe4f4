package dev.anneal.jobs.inspect;

import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.peft.AdapterConfigJson;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.ExistingAdapter;
import dev.anneal.jobs.io.HostFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/** Method, size and targets of a PEFT adapter. */
final class AdapterInspection implements Inspection {

  @Override
  public boolean recognises(String path, Set<String> names) {
    return names.contains(AdapterConfigJson.FILE);
  }

  @Override
  public void describe(Request request) throws IOException {
    Page page = request.page();
    try (HostFiles files = request.files()) {
      Path local = files.headers(request.path(), "inspect.path");
      ExistingAdapter config = AdapterFolder.open(local).config();
      page.title("adapter", request.path());
      page.line("method", config.peftType());
      page.line("base model", config.baseModel().isEmpty() ? "not named" : config.baseModel());
      config.settings().forEach(page::line);
      if (!config.unknownKeys().isEmpty()) {
        page.line("unknown keys", String.join(", ", config.unknownKeys()));
      }
      weights(page, local.resolve(AdapterFolder.WEIGHTS_FILE));
    }
  }

  private static void weights(Page page, Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      page.line("valid", "no: " + AdapterFolder.WEIGHTS_FILE + " is missing");
      return;
    }
    try (SafetensorsReader reader = SafetensorsReader.openFile(file)) {
      long values =
          reader.tensors().values().stream().mapToLong(tensor -> tensor.shape().elements()).sum();
      page.line(
          "weights",
          reader.tensors().size()
              + " tensors, "
              + Page.count(values)
              + " values, "
              + types(reader)
              + ", "
              + Page.bytes(Files.size(file)));
    }
  }

  /** The types that occur, for example {@code F32}. */
  static String types(SafetensorsReader reader) {
    return reader.tensors().values().stream()
        .map(TensorInfo::dtype)
        .map(Enum::name)
        .distinct()
        .sorted()
        .collect(Collectors.joining(" and "));
  }
}
