package dev.anneal.data.sample;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The shipped sample as the test reads it: files of the folder {@code sample}. Thread-safe. */
record Sample(Path folder) {

  static final List<String> LANGUAGES = List.of("en", "zh");

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The folder beside the modules, whatever folder the test is started in. */
  static Sample shipped() {
    Path at = Path.of("").toAbsolutePath();
    while (at != null && !Files.exists(at.resolve("sample/facts.jsonl"))) {
      at = at.getParent();
    }
    if (at == null) {
      throw new IllegalStateException("Cannot find sample/facts.jsonl above the working folder");
    }
    return new Sample(at.resolve("sample"));
  }

  List<JsonNode> lines(String file) {
    try (Stream<String> lines = Files.lines(folder.resolve(file))) {
      return lines.map(Sample::parse).toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  JsonNode json(String file) {
    try {
      return parse(Files.readString(folder.resolve(file)));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  /** The texts of a corpus folder, in the order of its files. */
  List<String> texts(String corpus) {
    try (Stream<Path> files = Files.list(folder.resolve(corpus))) {
      return files
          .sorted()
          .flatMap(file -> lines(corpus + "/" + file.getFileName()).stream())
          .map(row -> row.get("text").asText())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list " + corpus, e);
    }
  }

  /** Each instruction row as one text: instruction, input and output. */
  List<String> instructionTexts() {
    return lines("instructions.jsonl").stream()
        .map(
            row ->
                row.get("instruction").asText()
                    + "\n"
                    + row.get("input").asText()
                    + "\n"
                    + row.get("output").asText())
        .toList();
  }

  /** Every text that any shipped training step reads. */
  List<String> trainingTexts() {
    List<String> all = new ArrayList<>(texts("corpus"));
    all.addAll(texts("replay"));
    all.addAll(texts("base-corpus"));
    all.addAll(instructionTexts());
    return all;
  }

  List<String> templates(String kind, String language) {
    List<String> all = new ArrayList<>();
    for (JsonNode ofRelation : json("templates.json").get(kind).get(language)) {
      ofRelation.forEach(template -> all.add(template.asText()));
    }
    return all;
  }

  List<String> strings(String key, String language) {
    List<String> all = new ArrayList<>();
    json("templates.json").get(key).get(language).forEach(value -> all.add(value.asText()));
    return all;
  }

  /** Any town's name, of the domain or of the base worlds. */
  Pattern anyTown() {
    return Pattern.compile(
        LANGUAGES.stream()
            .flatMap(language -> strings("entities", language).stream())
            .map(Pattern::quote)
            .collect(Collectors.joining("|")));
  }

  Map<String, JsonNode> factsById() {
    return lines("facts.jsonl").stream()
        .collect(Collectors.toMap(fact -> fact.get("id").asText(), fact -> fact));
  }

  long bytes() {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot list " + folder, e);
    }
  }

  private static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot parse " + text, e);
    }
  }
}
