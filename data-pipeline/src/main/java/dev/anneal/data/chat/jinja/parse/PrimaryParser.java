package dev.anneal.data.chat.jinja.parse;

import dev.anneal.data.chat.jinja.builtin.Filters;
import dev.anneal.data.chat.jinja.builtin.Tests;
import dev.anneal.data.chat.jinja.parse.Token.Type;
import dev.anneal.data.chat.jinja.tree.ArgumentList;
import dev.anneal.data.chat.jinja.tree.Expression;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parses constants, displays and names, and what may follow one: members, calls, filters, tests.
 */
final class PrimaryParser {
  private static final Set<String> NO_TEST_ARGUMENT =
      Set.of("else", "or", "and", "if", "in", "not");
  private static final Expression NOTHING = new Expression.Literal(None.NONE);

  private final TokenStream stream;
  private final ExpressionParser expressions;

  PrimaryParser(TokenStream stream, ExpressionParser expressions) {
    this.stream = stream;
    this.expressions = expressions;
  }

  Expression parse() {
    Token token = stream.next();
    return switch (token.type()) {
      case NAME -> name(token.text());
      case STRING -> strings(token.text());
      case INTEGER -> new Expression.Literal(integer(token));
      case FLOAT -> new Expression.Literal(Double.parseDouble(token.text()));
      case OPERATOR -> display(token);
      default -> throw TemplateException.at(token.line(), "unexpected " + token.describe());
    };
  }

  Expression parsePostfix(Expression start) {
    Expression value = start;
    while (true) {
      if (stream.skipOperator(".")) {
        Token member = stream.next();
        if (member.type() == Type.INTEGER) {
          value = new Expression.Item(value, new Expression.Literal(integer(member)));
        } else if (member.type() == Type.NAME) {
          value = new Expression.Attribute(value, member.text());
        } else {
          throw TemplateException.at(member.line(), "expected a name after '.'");
        }
      } else if (stream.skipOperator("[")) {
        value = subscript(value);
      } else if (stream.isOperator("(")) {
        value = new Expression.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  Expression parseFilters(Expression start) {
    Expression value = start;
    while (true) {
      if (stream.skipOperator("|")) {
        value = filter(value);
      } else if (stream.skipName("is")) {
        value = test(value);
      } else if (stream.isOperator("(")) {
        value = new Expression.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  /** One filter, its bar already read. */
  Expression filter(Expression value) {
    String name = stream.expect(Type.NAME).text();
    if (Filters.find(name).isEmpty()) {
      throw stream.fail("No filter named '" + name + "'");
    }
    return new Expression.Filtered(
        value, name, stream.isOperator("(") ? arguments() : ArgumentList.EMPTY);
  }

  /** Arguments in brackets. */
  ArgumentList arguments() {
    stream.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    List<Boolean> spread = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    List<Expression> spreadNamed = new ArrayList<>();
    while (!stream.skipOperator(")")) {
      if (stream.skipOperator("**")) {
        spreadNamed.add(expressions.parse());
      } else if (stream.current().type() == Type.NAME && stream.ahead().is(Type.OPERATOR, "=")) {
        String name = stream.next().text();
        stream.next();
        named.put(name, expressions.parse());
      } else {
        spread.add(stream.skipOperator("*"));
        positional.add(expressions.parse());
      }
      if (!stream.isOperator(")")) {
        stream.expectOperator(",");
      }
    }
    return new ArgumentList(positional, spread, named, spreadNamed);
  }

  private Expression test(Expression value) {
    boolean negated = stream.skipName("not");
    String name = stream.expect(Type.NAME).text();
    if (Tests.find(name).isEmpty()) {
      throw stream.fail("No test named '" + name + "'");
    }
    ArgumentList arguments = ArgumentList.EMPTY;
    Token token = stream.current();
    if (stream.isOperator("(")) {
      arguments = arguments();
    } else if (startsArgument(token)) {
      if (token.text().equals("is") && token.type() == Type.NAME) {
        throw stream.fail("You cannot chain multiple tests with is");
      }
      arguments = ArgumentList.of(parsePostfix(parse()));
    }
    Expression tested = new Expression.Tested(value, name, arguments);
    return negated ? new Expression.Not(tested) : tested;
  }

  private static boolean startsArgument(Token token) {
    return switch (token.type()) {
      case STRING, INTEGER, FLOAT -> true;
      case NAME -> !NO_TEST_ARGUMENT.contains(token.text());
      case OPERATOR -> token.text().equals("[") || token.text().equals("{");
      default -> false;
    };
  }

  private Expression subscript(Expression owner) {
    List<Expression> parts = new ArrayList<>();
    boolean slice = false;
    boolean pending = true;
    while (!stream.skipOperator("]")) {
      if (stream.skipOperator(":")) {
        slice = true;
        if (pending) {
          parts.add(NOTHING);
        }
        pending = true;
      } else if (pending) {
        parts.add(expressions.parse());
        pending = false;
      } else {
        throw stream.unexpected();
      }
    }
    if (!slice && parts.size() == 1) {
      return new Expression.Item(owner, parts.get(0));
    }
    if (!slice || parts.size() > 3) {
      throw stream.fail("expected an index or a slice");
    }
    while (parts.size() < 3) {
      parts.add(NOTHING);
    }
    return new Expression.Slice(owner, parts.get(0), parts.get(1), parts.get(2));
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> new Expression.Literal(true);
      case "false", "False" -> new Expression.Literal(false);
      case "none", "None" -> NOTHING;
      default -> new Expression.Name(name);
    };
  }

  private Expression strings(String first) {
    StringBuilder text = new StringBuilder(first);
    while (stream.current().type() == Type.STRING) {
      text.append(stream.next().text());
    }
    return new Expression.Literal(text.toString());
  }

  private static Long integer(Token token) {
    String text = token.text().toLowerCase(java.util.Locale.ROOT);
    int radix =
        text.startsWith("0x") ? 16 : text.startsWith("0o") ? 8 : text.startsWith("0b") ? 2 : 10;
    try {
      return Long.parseLong(radix == 10 ? text : text.substring(2), radix);
    } catch (NumberFormatException e) {
      throw TemplateException.at(token.line(), "integer " + token.text() + " is too large");
    }
  }

  private Expression display(Token token) {
    return switch (token.text()) {
      case "(" -> {
        if (stream.skipOperator(")")) {
          yield new Expression.TupleDisplay(List.of());
        }
        Expression inside = expressions.parseTuple();
        stream.expectOperator(")");
        yield inside;
      }
      case "[" -> new Expression.ListDisplay(listItems());
      case "{" -> dict();
      default -> throw TemplateException.at(token.line(), "unexpected " + token.describe());
    };
  }

  private List<Expression> listItems() {
    List<Expression> items = new ArrayList<>();
    while (!stream.skipOperator("]")) {
      items.add(expressions.parse());
      if (!stream.isOperator("]")) {
        stream.expectOperator(",");
      }
    }
    return items;
  }

  private Expression dict() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!stream.skipOperator("}")) {
      keys.add(expressions.parse());
      stream.expectOperator(":");
      values.add(expressions.parse());
      if (!stream.isOperator("}")) {
        stream.expectOperator(",");
      }
    }
    return new Expression.DictDisplay(keys, values);
  }
}
