package dev.anneal.jobs.inspect;

import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import dev.anneal.jobs.io.HostFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Architecture, weights and tokenizer of a Hugging Face model folder. */
final class ModelInspection implements Inspection {

  @Override
  public boolean recognises(String path, Set<String> names) {
    return names.contains(ModelFolder.CONFIG_FILE);
  }

  @Override
  public void describe(Request request) throws IOException {
    Page page = request.page();
    try (HostFiles files = request.files()) {
      Path local = files.headers(request.path(), "inspect.path");
      ModelFolder folder = ModelFolder.open(local);
      page.title("model", request.path());
      architecture(page, folder.config());
      weights(page, folder);
      page.line("end tokens", folder.eosTokenIds().isEmpty() ? "none" : folder.eosTokenIds());
      if (Files.exists(local.resolve("tokenizer.json"))) {
        tokenizer(page, TokenizerFolder.open(local));
      } else {
        page.line("tokenizer", "none");
      }
    }
  }

  private static void architecture(Page page, DecoderConfig config) {
    page.line("architecture", config.family().architecture());
    page.line("parameters", Page.count(config.parameterCount()));
    page.line("layers", config.layers());
    page.line(
        "hidden size", config.hiddenSize() + ", intermediate size " + config.intermediateSize());
    page.line(
        "attention",
        config.attentionHeads()
            + " heads, "
            + config.keyValueHeads()
            + " key-value heads, head size "
            + config.headDim());
    page.line(
        "vocabulary",
        Page.count(config.vocabSize())
            + (config.tieWordEmbeddings() ? ", tied embeddings" : ", output head of its own"));
    page.line(
        "positions",
        Page.count(config.maxPositionEmbeddings())
            + ", rope "
            + config.ropeScaling().ropeType()
            + ", theta "
            + config.ropeTheta());
    page.line("type in config", config.storageType());
  }

  private static void weights(Page page, ModelFolder folder) throws IOException {
    if (!folder.hasWeights()) {
      page.line("weights", "none (only for model.from_scratch = true)");
      return;
    }
    try (SafetensorsReader reader = folder.openWeights()) {
      long files = reader.tensors().values().stream().map(TensorInfo::file).distinct().count();
      long bytes = reader.tensors().values().stream().mapToLong(TensorInfo::bytes).sum();
      page.line(
          "weights",
          reader.tensors().size()
              + " tensors, "
              + AdapterInspection.types(reader)
              + ", "
              + Page.bytes(bytes)
              + " in "
              + files
              + (files == 1 ? " file" : " files"));
      folder.warnings().forEach(warning -> page.line("warning", warning));
    }
  }

  private static void tokenizer(Page page, TokenizerFolder folder) {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      page.line(
          "tokenizer",
          Page.count(tokenizer.vocabularySize())
              + " tokens, "
              + folder.eosToken().map(eos -> "eos " + eos).orElse("no eos")
              + (folder.chatTemplate().isPresent() ? ", chat template" : ", no chat template"));
    }
    page.line("tokenizer sha256", folder.contentHash());
  }
}
