package dev.anneal.data.chat.jinja.parse;

import dev.anneal.data.chat.jinja.parse.Token.Type;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.List;

/** The tokens of a template with a place in them. Used once, by one thread. */
final class TokenStream {
  private static final int MAX_NESTING = 100;

  private final List<Token> tokens;
  private int at;
  private int nesting;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token ahead() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (token.type() != Type.END) {
      at++;
    }
    return token;
  }

  boolean isOperator(String operator) {
    return current().is(Type.OPERATOR, operator);
  }

  boolean isName(String name) {
    return current().is(Type.NAME, name);
  }

  boolean skipOperator(String operator) {
    return skip(Type.OPERATOR, operator);
  }

  boolean skipName(String name) {
    return skip(Type.NAME, name);
  }

  Token expect(Type type) {
    if (current().type() != type) {
      throw unexpected();
    }
    return next();
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw fail("expected '" + operator + "', got " + current().describe());
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw fail("expected '" + name + "', got " + current().describe());
    }
  }

  /** Goes one level deeper into the grammar; {@link #leave} comes back. */
  void enter() {
    if (++nesting > MAX_NESTING) {
      throw fail("template nests deeper than " + MAX_NESTING + " levels");
    }
  }

  void leave() {
    nesting--;
  }

  TemplateException unexpected() {
    return fail("unexpected " + current().describe());
  }

  TemplateException fail(String message) {
    return TemplateException.at(current().line(), message);
  }

  private boolean skip(Type type, String text) {
    if (!current().is(type, text)) {
      return false;
    }
    next();
    return true;
  }
}
