package dev.anneal.data.chat.jinja.tree;

import dev.anneal.data.chat.jinja.value.Scope;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.List;
import java.util.Optional;

/** A piece of a template that writes or changes names. Immutable. */
public sealed interface Statement
    permits Statement.Text,
        Statement.Print,
        Statement.If,
        Statement.Assign,
        Statement.AssignBlock,
        Statement.With,
        Statement.FilterBlock,
        Statement.Generation,
        Statement.Jump,
        ForLoop,
        MacroStatement,
        CallStatement {
  /** How a statement ends: going on, or leaving the loop around it. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Flow execute(Scope scope);

  /** Executes a body up to its end or to a jump. */
  static Flow execute(List<Statement> body, Scope scope) {
    for (Statement statement : body) {
      Flow flow = statement.execute(scope);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  /** What a body writes, as a text. */
  static String capture(List<Statement> body, Scope scope) {
    return scope.run().capture(() -> execute(body, scope));
  }

  /** Text outside the tags. */
  record Text(String text) implements Statement {
    @Override
    public Flow execute(Scope scope) {
      scope.run().write(text);
      return Flow.NEXT;
    }
  }

  /** <code>{{ value }}</code>. */
  record Print(Expression value) implements Statement {
    @Override
    public Flow execute(Scope scope) {
      scope.run().write(scope.run().text(value.evaluate(scope)));
      return Flow.NEXT;
    }
  }

  /** {@code if}; an {@code elif} is an {@code if} alone in the other branch. */
  record If(Expression condition, List<Statement> body, List<Statement> otherwise)
      implements Statement {
    @Override
    public Flow execute(Scope scope) {
      scope.run().step();
      return Statement.execute(Values.truth(condition.evaluate(scope)) ? body : otherwise, scope);
    }
  }

  /** {@code set target = value}. */
  record Assign(Target target, Expression value) implements Statement {
    @Override
    public Flow execute(Scope scope) {
      target.assign(value.evaluate(scope), scope);
      return Flow.NEXT;
    }
  }

  /** {@code set target} ... {@code endset}; a filter reads the name {@link #BLOCK}. */
  record AssignBlock(Target target, Optional<Expression> filter, List<Statement> body)
      implements Statement {
    /** No template can spell this name. */
    public static final String BLOCK = "block body";

    @Override
    public Flow execute(Scope scope) {
      target.assign(filtered(filter, Statement.capture(body, scope.inner()), scope), scope);
      return Flow.NEXT;
    }

    static Object filtered(Optional<Expression> filter, String text, Scope scope) {
      if (filter.isEmpty()) {
        return text;
      }
      Scope inner = scope.inner();
      inner.set(BLOCK, text);
      return filter.get().evaluate(inner);
    }
  }

  /** {@code with a = b} ... {@code endwith}. */
  record With(List<Target> targets, List<Expression> values, List<Statement> body)
      implements Statement {
    @Override
    public Flow execute(Scope scope) {
      Scope inner = scope.inner();
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(values.get(i).evaluate(scope), inner);
      }
      return Statement.execute(body, inner);
    }
  }

  /** {@code filter name} ... {@code endfilter}. */
  record FilterBlock(Expression filter, List<Statement> body) implements Statement {
    @Override
    public Flow execute(Scope scope) {
      String text = Statement.capture(body, scope.inner());
      Object filtered = AssignBlock.filtered(Optional.of(filter), text, scope);
      scope.run().write(scope.run().text(filtered));
      return Flow.NEXT;
    }
  }

  /** {@code generation} ... {@code endgeneration}: what the assistant wrote. */
  record Generation(List<Statement> body) implements Statement {
    @Override
    public Flow execute(Scope scope) {
      Scope inner = scope.inner();
      scope.run().generated(() -> Statement.execute(body, inner));
      return Flow.NEXT;
    }
  }

  /** {@code break} and {@code continue}. */
  record Jump(Flow flow) implements Statement {
    @Override
    public Flow execute(Scope scope) {
      return flow;
    }
  }
}
