package dev.anneal.data.chat.jinja.value;

/** A template that cannot be parsed or rendered, or that refused its input by itself. */
public final class TemplateException extends RuntimeException {
  private static final int MAX_MESSAGE = 1000;

  /**
   * @param message which a template may have made: cut where it is long
   */
  public TemplateException(String message) {
    super(message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) + "..." : message);
  }

  public static TemplateException at(int line, String message) {
    return new TemplateException("line " + line + ": " + message);
  }
}
