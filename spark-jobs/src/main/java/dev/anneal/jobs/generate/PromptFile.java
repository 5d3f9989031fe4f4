package dev.anneal.jobs.generate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileStore;
import dev.anneal.data.read.JsonRows;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads prompts from a jsonl file, in its order. Keys: {@code prompt}, {@code question} or Alpaca's
 * {@code instruction} (with {@code input} on the next line); {@code adapter} where adapters are
 * named. Blank lines are skipped.
 */
final class PromptFile {
  static final String ADAPTER = "adapter";

  private static final List<String> KEYS = List.of("prompt", "question", "instruction");

  private PromptFile() {}

  /**
   * A prompt, and who answers it.
   *
   * @param adapter its name; empty for {@code adapter.path}
   */
  record Row(String prompt, String adapter) {}

  /**
   * @param names of adapters that rows may choose; empty where there is no choice
   * @throws ConfigException when the file is absent, holds no prompt, or has a bad line, which the
   *     message names
   */
  static List<Row> read(FileStore store, String path, Set<String> names) {
    List<Row> prompts = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(store.open(path), StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          prompts.add(row(line, names, path, number));
        }
      }
    } catch (NoSuchFileException e) {
      throw new ConfigException("Cannot read generate.input: " + path + " (no such file)", e);
    } catch (IOException e) {
      throw new ConfigException("Cannot read generate.input: " + e.getMessage(), e);
    }
    if (prompts.isEmpty()) {
      throw new ConfigException(
          "Invalid generate.input: 0 prompts in " + path + " (must hold at least one)");
    }
    return List.copyOf(prompts);
  }

  private static Row row(String line, Set<String> names, String path, int number) {
    String where = "Cannot read " + path + ": line " + number + ": ";
    JsonNode json;
    try {
      json = JsonRows.value(line);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(
          where + e.getMessage().replaceFirst("^bad JSON", "no JSON object"), e);
    }
    for (String key : KEYS) {
      JsonNode value = json.path(key);
      if (value.isTextual() && !value.asText().isBlank()) {
        String input = key.equals("instruction") ? json.path("input").asText("") : "";
        String prompt = input.isEmpty() ? value.asText() : value.asText() + "\n" + input;
        return new Row(prompt, names.isEmpty() ? "" : adapter(json, names, where));
      }
    }
    throw new ConfigException(
        where + "no text under " + String.join(", ", KEYS) + " (generate.input)");
  }

  private static String adapter(JsonNode row, Set<String> names, String where) {
    JsonNode adapter = row.path(ADAPTER);
    if (adapter.isMissingNode() || adapter.isNull()) {
      return "";
    }
    if (!adapter.isTextual() || !names.contains(adapter.asText())) {
      throw new ConfigException(
          where
              + "adapter "
              + adapter
              + " (must be one of "
              + String.join(", ", names)
              + ": generate.adapters)");
    }
    return adapter.asText();
  }
}
