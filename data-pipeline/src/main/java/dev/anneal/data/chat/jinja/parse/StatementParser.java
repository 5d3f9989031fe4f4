package dev.anneal.data.chat.jinja.parse;

import dev.anneal.data.chat.jinja.parse.Token.Type;
import dev.anneal.data.chat.jinja.tree.CallStatement;
import dev.anneal.data.chat.jinja.tree.Expression;
import dev.anneal.data.chat.jinja.tree.ForLoop;
import dev.anneal.data.chat.jinja.tree.Macro;
import dev.anneal.data.chat.jinja.tree.MacroStatement;
import dev.anneal.data.chat.jinja.tree.Statement;
import dev.anneal.data.chat.jinja.tree.Statement.Flow;
import dev.anneal.data.chat.jinja.tree.Target;
import dev.anneal.data.chat.jinja.value.TemplateException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds the statements of a template. Used once, by one thread. */
public final class StatementParser {
  private final TokenStream stream;
  private final ExpressionParser expressions;
  private final PrimaryParser primaries;
  private int loops;

  private StatementParser(TokenStream stream) {
    this.stream = stream;
    this.expressions = new ExpressionParser(stream);
    this.primaries = new PrimaryParser(stream, expressions);
  }

  public static List<Statement> parse(List<Token> tokens) {
    StatementParser parser = new StatementParser(new TokenStream(tokens));
    List<Statement> statements = parser.parseUntil();
    if (parser.stream.current().type() != Type.END) {
      throw parser.stream.fail("unexpected tag " + parser.stream.current().describe());
    }
    return statements;
  }

  /** Parses up to a tag with one of the names, and stops at that name; or to the end. */
  private List<Statement> parseUntil(String... ends) {
    stream.enter();
    List<Statement> statements = new ArrayList<>();
    while (stream.current().type() != Type.END) {
      Token token = stream.next();
      if (token.type() == Type.DATA) {
        statements.add(new Statement.Text(token.text()));
      } else if (token.type() == Type.PRINT_BEGIN) {
        statements.add(new Statement.Print(expressions.parseTuple()));
        stream.expect(Type.PRINT_END);
      } else {
        if (List.of(ends).contains(stream.current().text())) {
          break;
        }
        statements.add(parseTag());
      }
    }
    if (ends.length > 0 && stream.current().type() == Type.END) {
      throw stream.fail("template ended, expected " + String.join(" or ", ends));
    }
    stream.leave();
    return List.copyOf(statements);
  }

  private Statement parseTag() {
    Token tag = stream.expect(Type.NAME);
    return switch (tag.text()) {
      case "if" -> parseIf();
      case "for" -> parseFor();
      case "set" -> parseSet();
      case "macro" -> parseMacro();
      case "call" -> parseCall();
      case "with" -> parseWith();
      case "filter" -> {
        Expression filter = filterChain();
        yield new Statement.FilterBlock(filter, bodyUntil("endfilter"));
      }
      case "generation" -> new Statement.Generation(bodyUntil("endgeneration"));
      case "break" -> jump(Flow.BREAK);
      case "continue" -> jump(Flow.CONTINUE);
      default -> throw TemplateException.at(tag.line(), "unknown tag '" + tag.text() + "'");
    };
  }

  /** The body of a tag whose head ends here, up to and with its end tag. */
  private List<Statement> bodyUntil(String end) {
    stream.expect(Type.BLOCK_END);
    List<Statement> body = parseUntil(end);
    stream.expectName(end);
    stream.expect(Type.BLOCK_END);
    return body;
  }

  private Statement jump(Flow flow) {
    if (loops == 0) {
      throw stream.fail("break and continue belong inside a for loop");
    }
    stream.expect(Type.BLOCK_END);
    return new Statement.Jump(flow);
  }

  private Statement parseIf() {
    stream.enter();
    Expression condition = expressions.parseTuple();
    stream.expect(Type.BLOCK_END);
    List<Statement> body = parseUntil("elif", "else", "endif");
    List<Statement> otherwise = List.of();
    if (stream.skipName("elif")) {
      otherwise = List.of(parseIf());
    } else if (stream.skipName("else")) {
      otherwise = bodyUntil("endif");
    } else {
      stream.expectName("endif");
      stream.expect(Type.BLOCK_END);
    }
    stream.leave();
    return new Statement.If(condition, body, otherwise);
  }

  private Statement parseFor() {
    Target target = parseTarget();
    stream.expectName("in");
    Expression items = expressions.parseTupleWithoutIf();
    Optional<Expression> condition =
        stream.skipName("if") ? Optional.of(expressions.parse()) : Optional.empty();
    if (stream.isName("recursive")) {
      throw stream.fail("recursive loops are not supported");
    }
    stream.expect(Type.BLOCK_END);
    loops++;
    List<Statement> body = parseUntil("else", "endfor");
    loops--;
    List<Statement> otherwise = List.of();
    if (stream.skipName("else")) {
      otherwise = bodyUntil("endfor");
    } else {
      stream.expectName("endfor");
      stream.expect(Type.BLOCK_END);
    }
    return new ForLoop(target, items, condition, body, otherwise);
  }

  private Statement parseSet() {
    Target target = parseTarget();
    if (stream.skipOperator("=")) {
      Expression value = expressions.parseTuple();
      stream.expect(Type.BLOCK_END);
      return new Statement.Assign(target, value);
    }
    Optional<Expression> filter =
        stream.skipOperator("|") ? Optional.of(filterChain()) : Optional.empty();
    return new Statement.AssignBlock(target, filter, isolated("endset"));
  }

  /** A chain of filters over the block's own text. */
  private Expression filterChain() {
    Expression body = new Expression.Name(Statement.AssignBlock.BLOCK);
    return primaries.parseFilters(primaries.filter(body));
  }

  private Target parseTarget() {
    List<Target> targets = new ArrayList<>();
    boolean bracket = stream.skipOperator("(");
    do {
      String name = stream.expect(Type.NAME).text();
      targets.add(
          stream.skipOperator(".")
              ? new Target.NamespaceAttribute(name, stream.expect(Type.NAME).text())
              : new Target.Name(name));
    } while (stream.skipOperator(","));
    if (bracket) {
      stream.expectOperator(")");
    }
    return targets.size() == 1 ? targets.get(0) : new Target.Several(List.copyOf(targets));
  }

  private Statement parseWith() {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (stream.current().type() != Type.BLOCK_END) {
      targets.add(new Target.Name(stream.expect(Type.NAME).text()));
      stream.expectOperator("=");
      values.add(expressions.parse());
      stream.skipOperator(",");
    }
    return new Statement.With(targets, values, bodyUntil("endwith"));
  }

  private Statement parseMacro() {
    String name = stream.expect(Type.NAME).text();
    return new MacroStatement(name, macro("endmacro"));
  }

  private Statement parseCall() {
    Map<String, Expression> defaults = new LinkedHashMap<>();
    List<String> parameters = stream.isOperator("(") ? parameters(defaults) : List.of();
    Expression called = expressions.parse();
    if (!(called instanceof Expression.Call call)) {
      throw stream.fail("expected a call");
    }
    Macro body = new Macro(parameters, defaults, isolated("endcall"));
    return new CallStatement(body, call.callee(), call.arguments());
  }

  private Macro macro(String end) {
    Map<String, Expression> defaults = new LinkedHashMap<>();
    List<String> parameters = parameters(defaults);
    return new Macro(parameters, defaults, isolated(end));
  }

  /** A body that no break or continue can leave. */
  private List<Statement> isolated(String end) {
    int around = loops;
    loops = 0;
    List<Statement> body = bodyUntil(end);
    loops = around;
    return body;
  }

  private List<String> parameters(Map<String, Expression> defaults) {
    List<String> parameters = new ArrayList<>();
    stream.expectOperator("(");
    while (!stream.skipOperator(")")) {
      String name = stream.expect(Type.NAME).text();
      parameters.add(name);
      if (stream.skipOperator("=")) {
        defaults.put(name, expressions.parse());
      }
      if (!stream.isOperator(")")) {
        stream.expectOperator(",");
      }
    }
    return List.copyOf(parameters);
  }
}
