package dev.anneal.data.chat.jinja.parse;

/** One token of a template: text outside the tags, or a piece of an expression inside one. */
record Token(Type type, String text, int line) {
  enum Type {
    DATA,
    PRINT_BEGIN,
    PRINT_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Type expected, String expectedText) {
    return type == expected && text.equals(expectedText);
  }

  String describe() {
    return type == Type.END ? "end of template" : "'" + text + "'";
  }
}
