package dev.anneal.data.chat.jinja.value;

/** What a name, key or index that does not exist evaluates to: prints as nothing, is false. */
public record Undefined(String message) {
  static Undefined name(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  public static Undefined member(Object owner, Object key) {
    return new Undefined(
        "'" + PythonText.typeName(owner) + "' has no attribute or key " + PythonText.brief(key));
  }

  TemplateException fail() {
    return new TemplateException(message);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return Undefined.class.hashCode();
  }
}
