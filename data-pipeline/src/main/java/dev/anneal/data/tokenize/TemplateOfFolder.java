package dev.anneal.data.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds the chat template of a tokenizer folder where transformers does. Stateless. */
final class TemplateOfFolder {
  static final String TEMPLATE_FILE = "chat_template.jinja";
  private static final String TOOL_TEMPLATE_FILE = "additional_chat_templates/tool_use.jinja";

  private TemplateOfFolder() {}

  /** The Jinja source; {@code chat_template.jinja} wins over the config. */
  static Optional<String> read(Path folder, JsonNode config) throws IOException {
    Path file = folder.resolve(TEMPLATE_FILE);
    if (Files.isRegularFile(file)) {
      Path tools = folder.resolve(TOOL_TEMPLATE_FILE);
      String template = Files.readString(file);
      return Optional.of(
          Files.isRegularFile(tools) ? choosing(Files.readString(tools), template) : template);
    }
    JsonNode template = config.path("chat_template");
    if (!template.isArray()) {
      return template.isTextual() ? Optional.of(template.asText()) : Optional.empty();
    }
    Optional<String> usual = named(template, "default");
    Optional<String> tools = named(template, "tool_use");
    return tools.isPresent() && usual.isPresent()
        ? Optional.of(choosing(tools.get(), usual.get()))
        : usual;
  }

  private static Optional<String> named(JsonNode templates, String name) {
    for (JsonNode entry : templates) {
      if (entry.path("name").asText().equals(name)) {
        return Optional.of(entry.path("template").asText());
      }
    }
    return Optional.empty();
  }

  /** One template that renders a conversation with tools by the first, any other by the second. */
  private static String choosing(String tools, String usual) {
    return "{%+ if tools is not none +%}"
        + inside(tools)
        + "{%+ else +%}"
        + inside(usual)
        + "{%+ endif %}";
  }

  /** What Jinja strips at both ends of a template and would leave inside another. */
  private static String inside(String template) {
    return template.replaceFirst("\\A[ \\t]+(?=\\{[%#][^+])", "").replaceFirst("\\n\\z", "");
  }
}
