package dev.anneal.data.chat;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.data.tokenize.TokenizerFolder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.List;

/** Finds the chat template that a run uses: the tokenizer's own, a built-in one, or a file. */
public final class ChatTemplates {
  /** Names of the built-in templates. */
  public static final List<String> BUILT_IN =
      List.of("chatml", "alpaca", "llama2", "llama3", "mistral", "qwen");

  private ChatTemplates() {}

  /** The tokenizer's own template. */
  public static ChatTemplate ofTokenizer(TokenizerFolder folder) {
    String source =
        folder
            .chatTemplate()
            .orElseThrow(
                () ->
                    new ConfigException(
                        "Cannot find a chat template in "
                            + folder.name()
                            + " (set tokenize.chat_template to "
                            + choices()
                            + ")"));
    return parse(source, folder);
  }

  /** As {@link #named(String, TokenizerFolder, FileStore)} of this machine's files. */
  public static ChatTemplate named(String name, TokenizerFolder folder) {
    return named(name, folder, new LocalFileStore());
  }

  /** The template of the key {@code chat_template}: a built-in name or the path of a file. */
  public static ChatTemplate named(String name, TokenizerFolder folder, FileStore files) {
    if (BUILT_IN.contains(name)) {
      return parse(builtIn(name), folder);
    }
    return parse(read(name, files), folder);
  }

  private static String read(String name, FileStore files) {
    try {
      return new String(files.readBytes(name), StandardCharsets.UTF_8);
    } catch (NoSuchFileException | IllegalArgumentException e) {
      throw new ConfigException(
          "Invalid tokenize.chat_template: " + name + " (must be " + choices() + ")", e);
    } catch (IOException e) {
      throw new ConfigException("Cannot read " + name + ": " + e.getMessage(), e);
    }
  }

  /** A template with the variables that a tokenizer's folder gives it. */
  public static ChatTemplate parse(String source, TokenizerFolder folder) {
    return ChatTemplate.parse(source, folder.templateVariables(source));
  }

  private static String builtIn(String name) {
    try (InputStream in = ChatTemplates.class.getResourceAsStream(name + ".jinja")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the built-in template " + name, e);
    }
  }

  private static String choices() {
    return String.join(", ", BUILT_IN) + " or the path of a .jinja file";
  }
}
