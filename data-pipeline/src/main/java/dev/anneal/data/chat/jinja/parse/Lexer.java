package dev.anneal.data.chat.jinja.parse;

import dev.anneal.data.chat.jinja.parse.Token.Type;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits a template into text and tags and settles the white space between them, as Jinja2 does
 * with {@code trim_blocks} and {@code lstrip_blocks}. Used once, by one thread.
 */
public final class Lexer {
  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;

  /** Whether the last match ended a line: what follows may be stripped up to a tag. */
  private boolean lineStarting = true;

  private Lexer(String source) {
    String lines = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
  }

  public static List<Token> tokenize(String source) {
    Lexer lexer = new Lexer(source);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    while (at < source.length()) {
      int tag = nextTag(at);
      if (tag < 0) {
        emitText(source.substring(at));
        advance(source.length());
        break;
      }
      char kind = source.charAt(tag + 1);
      char sign = signAt(tag + 2);
      int body = tag + 2 + (sign == ' ' ? 0 : 1);
      emitText(stripBefore(source.substring(at, tag), sign, kind != '{'));
      advance(tag);
      if (kind == '#') {
        skipComment(body);
      } else if (kind == '%' && rawBodyStart(body) >= 0) {
        readRaw(rawBodyStart(body));
      } else {
        readTag(kind == '{', body);
      }
    }
    tokens.add(new Token(Type.END, "", line));
  }

  private int nextTag(int from) {
    for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private char signAt(int index) {
    char c = index < source.length() ? source.charAt(index) : ' ';
    return c == '-' || c == '+' ? c : ' ';
  }

  private String stripBefore(String text, char sign, boolean lineStrip) {
    if (sign == '-') {
      return PythonText.stripRight(text);
    }
    if (sign == '+' || !lineStrip) {
      return text;
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean blank = PythonText.skipSpace(text, lineStart) == text.length();
    return blank && (lineStart > 0 || lineStarting) ? text.substring(0, lineStart) : text;
  }

  private void readTag(boolean print, int body) {
    tokens.add(new Token(print ? Type.PRINT_BEGIN : Type.BLOCK_BEGIN, print ? "{{" : "{%", line));
    advance(body);
    String end = print ? "}}" : "%}";
    ExpressionLexer inner = new ExpressionLexer(source, at, line, tokens);
    while (!(inner.balanced() && atEnd(inner.position(), end, !print))) {
      if (!inner.next()) {
        throw TemplateException.at(line, "tag is not closed (expected '" + end + "')");
      }
    }
    int position = inner.position();
    advance(position);
    tokens.add(new Token(print ? Type.PRINT_END : Type.BLOCK_END, end, line));
    finishTag(position, end, !print);
  }

  private boolean atEnd(int position, String end, boolean plusAllowed) {
    return source.startsWith(end, position)
        || source.startsWith("-" + end, position)
        || (plusAllowed && source.startsWith("+" + end, position));
  }

  /** Consumes the end of a tag at a position with the white space that goes with it. */
  private void finishTag(int position, String end, boolean trimNewline) {
    char sign = signAt(position);
    int after = position + end.length() + (sign == ' ' ? 0 : 1);
    if (sign == '-') {
      after = PythonText.skipSpace(source, after);
    } else if (sign == ' ' && trimNewline && source.startsWith("\n", after)) {
      after++;
    }
    lineStarting = source.charAt(after - 1) == '\n';
    advance(after);
  }

  private void skipComment(int body) {
    for (int i = body; i < source.length(); i++) {
      if (atEnd(i, "#}", true)) {
        finishTag(i, "#}", true);
        return;
      }
    }
    throw TemplateException.at(line, "comment is not closed");
  }

  /** Where the text of a {@code raw} block begins, or -1 when this tag is another. */
  private int rawBodyStart(int body) {
    int name = PythonText.skipSpace(source, body);
    if (!source.startsWith("raw", name)) {
      return -1;
    }
    int end = PythonText.skipSpace(source, name + "raw".length());
    if (source.startsWith("-%}", end)) {
      return PythonText.skipSpace(source, end + 3);
    }
    return source.startsWith("%}", end) ? end + 2 : -1;
  }

  private void readRaw(int start) {
    lineStarting = source.charAt(start - 1) == '\n';
    advance(start);
    for (int tag = source.indexOf("{%", start); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
      char sign = signAt(tag + 2);
      int name = PythonText.skipSpace(source, tag + 2 + (sign == ' ' ? 0 : 1));
      if (source.startsWith("endraw", name)) {
        int end = PythonText.skipSpace(source, name + "endraw".length());
        if (atEnd(end, "%}", true)) {
          emitText(stripBefore(source.substring(start, tag), sign, true));
          advance(end);
          finishTag(end, "%}", true);
          return;
        }
      }
    }
    throw TemplateException.at(line, "raw block is not closed");
  }

  private void emitText(String text) {
    if (!text.isEmpty()) {
      tokens.add(new Token(Type.DATA, text, line));
    }
  }

  private void advance(int to) {
    for (int i = at; i < to; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
    at = to;
  }
}
