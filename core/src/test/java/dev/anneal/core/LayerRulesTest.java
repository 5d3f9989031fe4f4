package dev.anneal.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Scans the sources: who may import whom. The rules are drawn in ARCHITECTURE.md. */
class LayerRulesTest {
  private static final Path CORE = Path.of("src/main/java");
  private static final Path DATA_PIPELINE = Path.of("../data-pipeline/src/main/java");
  private static final Pattern IMPORT =
      Pattern.compile("(?m)^import (?:static )?([\\w.]+(?:\\.\\*)?);");

  private static final Path SPARK_JOBS = Path.of("../spark-jobs/src/main/java");
  private static final int MOST_FILES_OF_A_PACKAGE = 30;

  /** A package may import those of its own line and of the lines above it. */
  private static final List<Set<String>> LAYERS =
      List.of(
          Set.of("config", "io"),
          Set.of("tensor", "net"),
          Set.of("format", "collective", "script"),
          Set.of("model", "data", "optim"),
          Set.of("peft", "zero"),
          Set.of("assembly", "checkpoint", "run", "questions"),
          Set.of("report", "control"),
          Set.of("generate", "export"),
          Set.of("train"));

  @Test
  void packagesOfCoreUseOnlyLowerLayers() throws IOException {
    List<String> broken = new ArrayList<>();
    imports(CORE)
        .forEach(
            (file, imported) -> {
              String from = file.replace("dev/anneal/core/", "").replaceAll("/.*", "");
              assertThat(layer(from)).as("layer of package %s (%s)", from, file).isNotNegative();
              for (String name : imported) {
                String to = name.replaceFirst("^dev\\.anneal\\.core\\.(\\w+)\\..*", "$1");
                if (!to.equals(name) && layer(to) > layer(from)) {
                  broken.add(file + " imports " + name);
                }
              }
            });

    assertThat(broken).as("imports of a higher layer").isEmpty();
  }

  @Test
  void noPackagesImportEachOtherInACircle() throws IOException {
    Map<String, Set<String>> uses = new TreeMap<>();
    for (Path sources : List.of(CORE, DATA_PIPELINE, SPARK_JOBS)) {
      imports(sources).keySet().forEach(file -> uses.put(packageOf(file), new TreeSet<>()));
    }
    for (Path sources : List.of(CORE, DATA_PIPELINE, SPARK_JOBS)) {
      imports(sources)
          .forEach(
              (file, names) -> {
                Set<String> used = uses.get(packageOf(file));
                names.forEach(name -> enclosing(name, uses.keySet()).ifPresent(used::add));
                used.remove(packageOf(file));
              });
    }
    assertThat(uses).as("packages found").containsKey("dev.anneal.core.train");

    // Whoever imports nothing that is left leaves too; a circle, and what stands on it, stays.
    while (uses.values().removeIf(Set::isEmpty)) {
      uses.values().forEach(used -> used.retainAll(uses.keySet()));
    }
    assertThat(uses).as("packages in a circle of imports, or above one").isEmpty();
  }

  @Test
  void noPackageIsTooLargeToFindOnesWayIn() throws IOException {
    Map<String, Integer> sizes = new TreeMap<>();
    for (Path sources : List.of(CORE, DATA_PIPELINE, SPARK_JOBS)) {
      imports(sources).keySet().forEach(file -> sizes.merge(packageOf(file), 1, Integer::sum));
    }
    sizes.values().removeIf(files -> files <= MOST_FILES_OF_A_PACKAGE);
    assertThat(sizes).as("packages of more than %d files", MOST_FILES_OF_A_PACKAGE).isEmpty();
  }

  @Test
  void nativeLibrariesAreReachedFromFewPackages() throws IOException {
    String jni = "ai\\.djl\\..*\\bjni\\b.*";
    assertImportedOnlyUnder(jni, "dev/anneal/core/(tensor|script)/.*");
    assertImportedOnlyUnder("ai\\.djl\\..*", "dev/anneal/core/(tensor|script)/.*");
    assertImportedOnlyUnder("com\\.sun\\.jna\\..*", "dev/anneal/core/(tensor|collective/nccl)/.*");
  }

  @Test
  void neitherCoreNorDataPipelineKnowsAnEngine() throws IOException {
    Pattern engine = Pattern.compile("(org\\.apache\\.(spark|hadoop)|scala)\\..*");
    for (Path sources : List.of(CORE, DATA_PIPELINE)) {
      imports(sources)
          .forEach(
              (file, imported) ->
                  assertThat(imported).as(file).noneMatch(name -> engine.matcher(name).matches()));
    }
  }

  private static void assertImportedOnlyUnder(String imported, String files) throws IOException {
    List<String> broken = new ArrayList<>();
    imports(CORE)
        .forEach(
            (file, names) -> {
              if (!file.matches(files) && names.stream().anyMatch(n -> n.matches(imported))) {
                broken.add(file);
              }
            });
    assertThat(broken).as("files that import %s outside of %s", imported, files).isEmpty();
  }

  private static String packageOf(String file) {
    return file.substring(0, file.lastIndexOf('/')).replace('/', '.');
  }

  /** The longest known package that an imported name lies in. */
  private static Optional<String> enclosing(String imported, Set<String> packages) {
    String name = imported;
    while (!name.isEmpty() && !packages.contains(name)) {
      name = name.substring(0, Math.max(0, name.lastIndexOf('.')));
    }
    return name.isEmpty() ? Optional.empty() : Optional.of(name);
  }

  private static int layer(String name) {
    for (int i = 0; i < LAYERS.size(); i++) {
      if (LAYERS.get(i).contains(name)) {
        return i;
      }
    }
    return -1;
  }

  /** Imported names of every source file, by its path under the root; package-info left out. */
  private static Map<String, List<String>> imports(Path root) throws IOException {
    Map<String, List<String>> imports = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (file.toString().endsWith(".java") && !file.endsWith("package-info.java")) {
          List<String> names = new ArrayList<>();
          Matcher matcher = IMPORT.matcher(Files.readString(file));
          while (matcher.find()) {
            names.add(matcher.group(1));
          }
          imports.put(root.relativize(file).toString().replace('\\', '/'), names);
        }
      }
    }
    assertThat(imports).as("sources under %s", root).isNotEmpty();
    return imports;
  }
}
