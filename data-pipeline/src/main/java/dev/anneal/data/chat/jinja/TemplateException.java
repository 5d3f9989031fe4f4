package dev.anneal.data.chat.jinja;

/** A template that cannot be parsed or rendered, or that refused its input by itself. */
public final class TemplateException extends RuntimeException {
  public TemplateException(String message) {
    super(message);
  }

  static TemplateException at(int line, String message) {
    return new TemplateException("line " + line + ": " + message);
  }
}
