package dev.anneal.jobs.inspect;

import dev.anneal.core.data.InvalidShardException;
import dev.anneal.core.data.ShardManifest;
import dev.anneal.core.data.ShardManifestParser;
import dev.anneal.core.data.ShardOptions;
import dev.anneal.core.data.ShardSet;
import dev.anneal.core.data.TokenRow;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import dev.anneal.jobs.config.AnnealConfig;
import dev.anneal.jobs.io.HostFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/** Rows, tokens, files and origin of a shard folder; its first rows with their masks. */
final class ShardInspection implements Inspection {
  private static final String STATE = "state.json";
  private static final int INPUTS_SHOWN = 10;

  @Override
  public boolean recognises(String path, Set<String> names) {
    return names.contains(STATE) || names.contains(ShardManifest.FOLDER);
  }

  @Override
  public void describe(Request request) throws IOException {
    if (hasNoArrow(request)) {
      describeOthers(request);
      return;
    }
    if (!request.store().exists(request.child(STATE))) {
      request.page().title("shards", request.path());
      request.page().line("valid", "no: not finished, " + STATE + " is missing");
      return;
    }
    // Ids are checked against a model only where one is given: any id can be described.
    ShardOptions options = ShardOptions.of(Integer.MAX_VALUE).withForeign().withChecksums();
    try (HostFiles files = request.files();
        ShardSet rows =
            ShardSet.openFiles(
                List.of(files.shards(request.path(), "inspect.path", false)), options)) {
      request.page().title("shards", request.path());
      if (rows.manifests().isEmpty()) {
        foreign(request.page(), rows);
      } else {
        manifest(request, rows.manifests().get(0));
      }
      long shown = Math.min(rows.rowCount(), request.loaded().config().inspect().rows());
      if (shown > 0) {
        rows(request, rows, shown);
      }
    }
  }

  private static boolean hasNoArrow(Request request) throws IOException {
    return request.store().exists(request.child(ShardManifest.PATH))
        && read(request).shards().isEmpty();
  }

  private static ShardManifest read(Request request) throws IOException {
    String path = request.child(ShardManifest.PATH);
    String json = new String(request.store().readBytes(path), StandardCharsets.UTF_8);
    try {
      return ShardManifestParser.fromJson(json);
    } catch (IllegalArgumentException e) {
      throw new InvalidShardException("Cannot read " + path + ": " + e.getMessage(), e);
    }
  }

  private static void describeOthers(Request request) throws IOException {
    request.page().title("shards", request.path());
    manifest(request, read(request));
  }

  private static void foreign(Page page, ShardSet rows) {
    long tokens = 0;
    for (long i = 0; i < rows.rowCount(); i++) {
      tokens += rows.row(i).inputIds().length;
    }
    page.line("rows", Page.count(rows.rowCount()));
    page.line("tokens", Page.count(tokens));
    page.line("made by", "not anneal: no " + ShardManifest.PATH + " (data.allow_foreign = true)");
  }

  private static void manifest(Request request, ShardManifest manifest) throws IOException {
    Page page = request.page();
    ShardManifest.Origin origin = manifest.origin();
    page.line("rows", Page.count(manifest.counts().rows()));
    page.line("tokens", Page.count(manifest.counts().tokens()));
    page.line("target tokens", Page.count(manifest.counts().targetTokens()));
    page.line("columns", String.join(", ", manifest.columns()));
    page.line("made by", "anneal " + manifest.annealVersion());
    page.line("tokenizer sha256", origin.tokenizerHash());
    if (!origin.templateHash().isEmpty()) {
      page.line("template sha256", origin.templateHash());
    }
    origin.sortedOptions().forEach((key, value) -> page.line("option", key + " = " + value));
    origin.inputs().stream()
        .limit(INPUTS_SHOWN)
        .forEach(
            input ->
                page.line(
                    "input", input.input() + " " + input.path() + " " + Page.bytes(input.bytes())));
    if (origin.inputs().size() > INPUTS_SHOWN) {
      page.line("input", "and " + (origin.inputs().size() - INPUTS_SHOWN) + " more files");
    }
    for (ShardManifest.Shard shard : manifest.shards()) {
      page.line(
          "file",
          shard.file()
              + " "
              + Page.count(shard.counts().rows())
              + " rows "
              + Page.bytes(shard.bytes())
              + " sha256 "
              + shard.sha256().substring(0, 12));
    }
    OutputFiles.describe(request, manifest);
    page.line("valid", "yes: sizes and checksums match the manifest");
  }

  private static void rows(Request request, ShardSet rows, long shown) throws IOException {
    AnnealConfig config = request.loaded().config();
    String folder =
        config.model().path().isEmpty() ? config.tokenize().tokenizer() : config.model().path();
    if (folder.isEmpty()) {
      request.page().line("text", "ids only (set model.path or tokenize.tokenizer to decode)");
      write(request.page(), rows, shown, RowText.ofIds());
      return;
    }
    String key = config.model().path().isEmpty() ? "tokenize.tokenizer" : "model.path";
    try (HostFiles files = request.files()) {
      TokenizerFolder tokenizerFiles = TokenizerFolder.open(files.headers(folder, key));
      rows.requireTokenizer(tokenizerFiles.contentHash());
      try (Tokenizer tokenizer = Tokenizers.open(tokenizerFiles)) {
        write(request.page(), rows, shown, RowText.of(tokenizer));
      }
    }
  }

  private static void write(Page page, ShardSet rows, long shown, RowText text) {
    for (long i = 0; i < shown; i++) {
      TokenRow row = rows.row(i);
      page.text("row " + i + ": " + row.inputIds().length + " tokens");
      text.lines(row).forEach(page::text);
    }
  }
}
