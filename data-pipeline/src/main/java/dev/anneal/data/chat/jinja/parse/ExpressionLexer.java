package dev.anneal.data.chat.jinja.parse;

import dev.anneal.data.chat.jinja.parse.Token.Type;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the tokens inside one tag. Used once, by one thread. */
final class ExpressionLexer {
  private static final Pattern FLOAT =
      Pattern.compile(
          "(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)");
  private static final Pattern INTEGER =
      Pattern.compile("0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\\da-fA-F])+|\\d+(?:_\\d+)*");
  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final List<Token> tokens;
  private final Deque<String> open = new ArrayDeque<>();
  private int at;
  private int line;

  ExpressionLexer(String source, int at, int line, List<Token> tokens) {
    this.source = source;
    this.tokens = tokens;
    this.at = at;
    this.line = line;
    skipSpace();
  }

  int position() {
    return at;
  }

  /** Whether no bracket is open, so that an end of the tag counts as one. */
  boolean balanced() {
    return open.isEmpty();
  }

  /** Reads one token and the white space after it; false at the end of the source. */
  boolean next() {
    if (at >= source.length()) {
      return false;
    }
    char c = source.charAt(at);
    if (c == '\'' || c == '"') {
      readString(c);
    } else if (c >= '0' && c <= '9') {
      readNumber();
    } else if (Character.isUnicodeIdentifierStart(c) || c == '_') {
      int end = at + 1;
      while (end < source.length() && isNamePart(source.charAt(end))) {
        end++;
      }
      emit(Type.NAME, source.substring(at, end), end);
    } else {
      readOperator();
    }
    skipSpace();
    return true;
  }

  private static boolean isNamePart(char c) {
    return Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c);
  }

  private void skipSpace() {
    int end = PythonText.skipSpace(source, at);
    countLines(end);
    at = end;
  }

  private void readNumber() {
    boolean afterDot = at > 0 && source.charAt(at - 1) == '.';
    Matcher real = FLOAT.matcher(source).region(at, source.length());
    if (!afterDot && real.lookingAt()) {
      emit(Type.FLOAT, real.group().replace("_", ""), real.end());
      return;
    }
    Matcher integer = INTEGER.matcher(source).region(at, source.length());
    if (integer.lookingAt()) {
      emit(Type.INTEGER, integer.group().replace("_", ""), integer.end());
    }
  }

  private void readString(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw TemplateException.at(line, "string is not closed");
    }
    emit(Type.STRING, PythonText.unescape(source.substring(at + 1, end), line), end + 1);
  }

  private void readOperator() {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        balance(operator);
        emit(Type.OPERATOR, operator, at + operator.length());
        return;
      }
    }
    throw TemplateException.at(line, "unexpected character '" + source.charAt(at) + "'");
  }

  private void balance(String operator) {
    switch (operator) {
      case "(" -> open.push(")");
      case "[" -> open.push("]");
      case "{" -> open.push("}");
      case ")", "]", "}" -> {
        if (open.isEmpty() || !open.pop().equals(operator)) {
          throw TemplateException.at(line, "unexpected '" + operator + "'");
        }
      }
      default -> {
        // no bracket
      }
    }
  }

  private void emit(Type type, String text, int end) {
    tokens.add(new Token(type, text, line));
    countLines(end);
    at = end;
  }

  private void countLines(int end) {
    for (int i = at; i < end; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
  }
}
