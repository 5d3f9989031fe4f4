package dev.anneal.core.questions;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads questions with their answers from a jsonl file. Keys: {@code question} (or Alpaca's {@code
 * instruction}, with {@code input} on the next line), {@code answer} (or {@code output}), and, if
 * present, {@code id}, {@code fact} (or {@code fact_id}) and {@code language}. Blank lines are
 * skipped.
 */
public final class QuestionFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  private QuestionFile() {}

  /**
   * @throws ConfigException when the file is absent, holds no question, or has a bad line, which
   *     the message names
   */
  public static List<Question> read(FileStore store, String path) {
    return read(store, path, QuestionFile::question);
  }

  /**
   * The same keys, and {@code prompt} for the question; the answer may be absent.
   *
   * @throws ConfigException as {@link #read(FileStore, String)}
   */
  public static List<Sample> samples(FileStore store, String path) {
    return read(
        store,
        path,
        (json, number) -> {
          String prompt = first(json, "prompt");
          return new Sample(
              prompt.isEmpty() ? text(json) : prompt, first(json, "answer", "output"));
        });
  }

  /** What a line says. */
  private interface Line<T> {
    T read(JsonNode json, int number);
  }

  private static <T> List<T> read(FileStore store, String path, Line<T> lines) {
    List<T> questions = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(store.open(path), StandardCharsets.UTF_8))) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          questions.add(read(line, path, number, lines));
        }
      }
    } catch (NoSuchFileException e) {
      throw new ConfigException("Cannot read " + path + ": no such file", e);
    } catch (IOException e) {
      throw new ConfigException("Cannot read " + path + ": " + e.getMessage(), e);
    }
    if (questions.isEmpty()) {
      throw new ConfigException("Invalid questions: 0 in " + path + " (must be > 0)");
    }
    return List.copyOf(questions);
  }

  private static <T> T read(String line, String path, int number, Line<T> lines) {
    String where = "Cannot read " + path + ": line " + number + ": ";
    try {
      JsonNode json = JSON.readTree(line);
      if (!json.isObject()) {
        throw new ConfigException(where + "no JSON object");
      }
      return lines.read(json, number);
    } catch (JsonProcessingException e) {
      throw new ConfigException(where + "no JSON object: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(where + e.getMessage(), e);
    }
  }

  private static Question question(JsonNode json, int number) {
    String id = first(json, "id");
    return new Question(
        id.isEmpty() ? Integer.toString(number) : id,
        first(json, "fact", "fact_id"),
        first(json, "language", "lang"),
        text(json),
        first(json, "answer", "output"));
  }

  private static String text(JsonNode json) {
    String question = first(json, "question", "instruction");
    String input = first(json, "input");
    return input.isEmpty() ? question : question + "\n" + input;
  }

  private static String first(JsonNode json, String... keys) {
    for (String key : keys) {
      JsonNode value = json.path(key);
      if (value.isValueNode() && !value.isNull() && !value.asText().isEmpty()) {
        return value.asText();
      }
    }
    return "";
  }
}
