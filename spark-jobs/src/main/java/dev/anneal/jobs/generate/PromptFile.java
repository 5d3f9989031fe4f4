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

/**
 * Reads prompts from a jsonl file, in its order. Keys: {@code prompt}, {@code question} or Alpaca's
 * {@code instruction} (with {@code input} on the next line). Blank lines are skipped.
 */
final class PromptFile {
  private static final List<String> KEYS = List.of("prompt", "question", "instruction");

  private PromptFile() {}

  /**
   * @throws ConfigException when the file is absent, holds no prompt, or has a bad line, which the
   *     message names
   */
  static List<String> read(FileStore store, String path) {
    List<String> prompts = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(store.open(path), StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          prompts.add(prompt(line, path, number));
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

  private static String prompt(String line, String path, int number) {
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
        return input.isEmpty() ? value.asText() : value.asText() + "\n" + input;
      }
    }
    throw new ConfigException(
        where + "no text under " + String.join(", ", KEYS) + " (generate.input)");
  }
}
