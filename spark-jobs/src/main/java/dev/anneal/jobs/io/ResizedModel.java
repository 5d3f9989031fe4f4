package dev.anneal.jobs.io;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ModelConfig;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import java.util.Optional;

/** A base model with the rows of embeddings that settings and adapter ask for. Stateless. */
public final class ResizedModel {
  private static final String KEY = "model.resize_token_embeddings";

  private ResizedModel() {}

  /**
   * The folder as it is to be opened.
   *
   * @throws ConfigException for fewer rows than are stored, or others than the adapter saves
   */
  public static ModelFolder of(
      ModelFolder folder, ModelConfig config, Optional<AdapterFolder> adapter) {
    int rows = config.resizeTokenEmbeddings();
    if (rows == 0) {
      return adapter.map(own -> own.fitted(folder)).orElse(folder);
    }
    if (rows < folder.storedVocabSize()) {
      throw new ConfigException(
          "Invalid "
              + KEY
              + ": "
              + rows
              + " (must be >= vocab_size "
              + folder.storedVocabSize()
              + " of model.path, or 0 to leave it)");
    }
    ModelFolder resized = folder.resizedTo(rows);
    int saved = adapter.map(own -> own.fitted(resized).config().vocabSize()).orElse(rows);
    if (saved != rows) {
      throw new ConfigException(
          "Invalid "
              + KEY
              + ": "
              + rows
              + " (the embeddings that adapter.path saves have "
              + saved
              + " rows: leave the key out)");
    }
    return resized;
  }

  /** Refuses the setting in a job that has no use for it. */
  static void refuse(ModelConfig config) {
    if (config.resizeTokenEmbeddings() > 0) {
      throw new ConfigException(
          "Invalid "
              + KEY
              + ": "
              + config.resizeTokenEmbeddings()
              + " (has no effect here: the rows are those of model.path, or those that the adapter"
              + " saves)");
    }
  }
}
