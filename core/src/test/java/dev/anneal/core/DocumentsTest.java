package dev.anneal.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Documents that name files name files that are there. */
class DocumentsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:\\s]+)(?:#[^)]*)?\\)");
  private static final Pattern SOURCE = Pattern.compile("`core/\u2026/([\\w/]+\\.java)`");
  private static final Pattern FILE =
      Pattern.compile("`((?:core|data-pipeline|spark-jobs|conf|docs)/[\\w./-]+\\.[a-z]+)`");

  @Test
  void linksLeadToFiles() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path document : documents()) {
      for (String link : matches(LINK, document)) {
        if (!Files.exists(document.resolveSibling(link))) {
          broken.add(ROOT.relativize(document) + ": " + link);
        }
      }
    }
    assertThat(broken).as("broken links").isEmpty();
  }

  @Test
  void namedSourceFilesExist() throws IOException {
    List<String> missing = new ArrayList<>();
    for (Path document : documents()) {
      for (String source : matches(SOURCE, document)) {
        requireFile(document, "core/src/main/java/dev/anneal/core/" + source, missing);
      }
      for (String file : matches(FILE, document)) {
        if (!file.contains("NAME")) {
          requireFile(document, file, missing);
        }
      }
    }
    assertThat(missing).as("files that documents name").isEmpty();
  }

  private static void requireFile(Path document, String file, List<String> missing) {
    if (!Files.exists(ROOT.resolve(file))) {
      missing.add(ROOT.relativize(document) + ": " + file);
    }
  }

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (String name : List.of("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGES")) {
      documents.add(ROOT.resolve(name + ".md"));
    }
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
    }
    return documents;
  }

  private static List<String> matches(Pattern pattern, Path document) throws IOException {
    List<String> found = new ArrayList<>();
    Matcher matcher = pattern.matcher(Files.readString(document));
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
