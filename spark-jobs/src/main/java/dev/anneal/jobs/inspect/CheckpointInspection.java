package dev.anneal.jobs.inspect;

import dev.anneal.core.checkpoint.Checkpoint;
import dev.anneal.core.checkpoint.CheckpointManifest;
import dev.anneal.core.checkpoint.CheckpointStore;
import dev.anneal.core.checkpoint.RankFile;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.Shape;
import dev.anneal.core.io.FileEntry;
import java.io.IOException;
import java.util.Set;

/** Step, position, parameters and files of a checkpoint, and whether it can be resumed from. */
final class CheckpointInspection implements Inspection {

  @Override
  public boolean recognises(String path, Set<String> names) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return names.contains("manifest.json") || name.matches("step-\\d{6,}") && !names.isEmpty();
  }

  @Override
  public void describe(Request request) throws IOException {
    Page page = request.page();
    page.title("checkpoint", request.path());
    Checkpoint checkpoint;
    try {
      checkpoint = CheckpointStore.openFolder(request.store(), request.path());
    } catch (ConfigException e) {
      String reason = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
      for (FileEntry entry : request.store().list(request.path())) {
        page.line("file", entry.name() + " " + Page.bytes(entry.sizeBytes()));
      }
      page.line("valid", "no: " + reason);
      return;
    }
    manifest(page, checkpoint.manifest());
    page.line("valid", "yes: sizes and checksums match the manifest");
  }

  private static void manifest(Page page, CheckpointManifest manifest) {
    page.line("step", Page.count(manifest.step()));
    page.line("world size", manifest.worldSize());
    page.line("attempt", manifest.attempt());
    page.line(
        "position",
        "epoch " + manifest.position().epoch() + ", row " + manifest.position().nextRow());
    page.line("tokens", Page.count(manifest.position().tokens()));
    page.line("target tokens", Page.count(manifest.position().targetTokens()));
    page.line("seed", manifest.position().seed());
    long elements = manifest.parameters().values().stream().mapToLong(Shape::elements).sum();
    page.line(
        "parameters",
        manifest.parameters().size() + " tensors, " + Page.count(elements) + " values");
    manifest.fingerprint().forEach((key, value) -> page.line("setting", key + " = " + value));
    for (RankFile file : manifest.files()) {
      page.line("file", file.name() + " " + Page.bytes(file.bytes()) + " " + file.kinds());
    }
  }
}
