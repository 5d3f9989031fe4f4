package dev.anneal.data.chat.jinja.parse;

import dev.anneal.data.chat.jinja.parse.Token.Type;
import dev.anneal.data.chat.jinja.tree.Expression;
import dev.anneal.data.chat.jinja.value.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Builds expressions from tokens, with Jinja2's precedence. Primaries: {@link PrimaryParser}. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenStream stream;
  private final PrimaryParser primaries;

  ExpressionParser(TokenStream stream) {
    this.stream = stream;
    this.primaries = new PrimaryParser(stream, this);
  }

  Expression parse() {
    stream.enter();
    Expression value = parseOr();
    while (stream.skipName("if")) {
      Expression condition = parseOr();
      Expression otherwise =
          stream.skipName("else")
              ? parse()
              : new Expression.Literal(
                  new Undefined("the inline if-expression has no else and was false"));
      value = new Expression.Conditional(condition, value, otherwise);
    }
    stream.leave();
    return value;
  }

  /** {@code a, b}: a tuple when there is a comma, else the one expression. */
  Expression parseTuple() {
    return tupleFrom(parse(), true);
  }

  /** As {@link #parseTuple}, but an {@code if} belongs to the statement around. */
  Expression parseTupleWithoutIf() {
    return tupleFrom(parseOr(), false);
  }

  private Expression tupleFrom(Expression first, boolean conditions) {
    if (!stream.isOperator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (stream.skipOperator(",")) {
      if (stream.current().type() == Type.BLOCK_END
          || stream.current().type() == Type.PRINT_END
          || stream.isOperator(")")) {
        break;
      }
      items.add(conditions ? parse() : parseOr());
    }
    return new Expression.TupleDisplay(List.copyOf(items));
  }

  private Expression parseOr() {
    Expression left = parseAnd();
    while (stream.skipName("or")) {
      left = new Expression.Or(left, parseAnd());
    }
    return left;
  }

  private Expression parseAnd() {
    Expression left = parseNot();
    while (stream.skipName("and")) {
      left = new Expression.And(left, parseNot());
    }
    return left;
  }

  private Expression parseNot() {
    if (!stream.skipName("not")) {
      return parseComparison();
    }
    stream.enter();
    Expression negated = new Expression.Not(parseNot());
    stream.leave();
    return negated;
  }

  private Expression parseComparison() {
    Expression first = parseSum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    while (true) {
      Token token = stream.current();
      if (token.type() == Type.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(stream.next().text());
      } else if (stream.skipName("in")) {
        operators.add("in");
      } else if (stream.isName("not") && stream.ahead().is(Type.NAME, "in")) {
        stream.next();
        stream.next();
        operators.add("not in");
      } else {
        break;
      }
      others.add(parseSum());
    }
    return operators.isEmpty()
        ? first
        : new Expression.Comparison(first, List.copyOf(operators), List.copyOf(others));
  }

  private Expression parseSum() {
    Expression left = parseConcatenation();
    while (stream.isOperator("+") || stream.isOperator("-")) {
      String operator = stream.next().text();
      left = new Expression.Binary(operator, left, parseConcatenation());
    }
    return left;
  }

  private Expression parseConcatenation() {
    Expression first = parseProduct();
    if (!stream.isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (stream.skipOperator("~")) {
      parts.add(parseProduct());
    }
    return new Expression.Concatenation(List.copyOf(parts));
  }

  private Expression parseProduct() {
    Expression left = parsePower();
    while (stream.isOperator("*")
        || stream.isOperator("/")
        || stream.isOperator("//")
        || stream.isOperator("%")) {
      String operator = stream.next().text();
      left = new Expression.Binary(operator, left, parsePower());
    }
    return left;
  }

  private Expression parsePower() {
    Expression left = parseUnary(true);
    while (stream.skipOperator("**")) {
      left = new Expression.Binary("**", left, parseUnary(true));
    }
    return left;
  }

  private Expression parseUnary(boolean withFilters) {
    Expression value;
    if (stream.isOperator("-") || stream.isOperator("+")) {
      stream.enter();
      String sign = stream.next().text();
      value = new Expression.Signed(parseUnary(false), sign);
      stream.leave();
    } else {
      value = primaries.parse();
    }
    value = primaries.parsePostfix(value);
    return withFilters ? primaries.parseFilters(value) : value;
  }
}
