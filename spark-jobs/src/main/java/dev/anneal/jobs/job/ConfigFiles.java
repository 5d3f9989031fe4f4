package dev.anneal.jobs.job;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ConfigLoader;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.io.FileStore;
import dev.anneal.jobs.config.AnnealConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Finds what {@code -c} names: a local file, a file of a store, or a preset in the jar. */
public final class ConfigFiles {
  private static final Pattern PRESET = Pattern.compile("[a-z0-9-]+(\\.conf)?");
  private static final Pattern URI = Pattern.compile("[a-z][a-z0-9+.-]+://?.*");

  private static final Set<String> OUTPUTS =
      Set.of("train.output_dir", "tokenize.output", "evaluate.output_dir", "export.output");

  private final FileStore files;
  private final ConfigLoader<AnnealConfig> loader = AnnealConfig.loader();

  public ConfigFiles(FileStore files) {
    this.files = files;
  }

  public LoadedConfig<AnnealConfig> load(List<String> names, List<String> settings) {
    settings.forEach(loader::set);
    names.forEach(this::add);
    return loader.load();
  }

  /** After a failure to load: where the job would have written to, as far as that was said. */
  public AnnealConfig outputsOnly() {
    return loader.salvage(OUTPUTS);
  }

  private void add(String name) {
    Path local = Path.of(URI.matcher(name).matches() ? "" : name);
    if (URI.matcher(name).matches()) {
      loader.file(name, remote(name));
    } else if (Files.isRegularFile(local)) {
      loader.file(local);
    } else {
      Optional<String> preset = preset(name);
      if (preset.isPresent()) {
        loader.preset("preset " + name, preset.get());
      } else {
        loader.file(local);
      }
    }
  }

  private String remote(String uri) {
    try (InputStream in = files.open(uri)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ConfigException("Cannot read " + uri + ": " + e.getMessage(), e);
    }
  }

  /** A preset of conf/ by its name, as the build put it into the jar. */
  private static Optional<String> preset(String name) {
    if (!PRESET.matcher(name).matches()) {
      return Optional.empty();
    }
    String file = name.endsWith(".conf") ? name : name + ".conf";
    try (InputStream in = ConfigFiles.class.getResourceAsStream("presets/" + file)) {
      return in == null
          ? Optional.empty()
          : Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new ConfigException("Cannot read preset " + name + ": " + e.getMessage(), e);
    }
  }
}
