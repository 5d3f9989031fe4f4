package dev.anneal.data.chat.jinja.tree;

import dev.anneal.data.chat.jinja.builtin.Filters;
import dev.anneal.data.chat.jinja.builtin.Members;
import dev.anneal.data.chat.jinja.builtin.Tests;
import dev.anneal.data.chat.jinja.value.Function;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.Operators;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.Scope;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.TextSearch;
import dev.anneal.data.chat.jinja.value.Tuple;
import dev.anneal.data.chat.jinja.value.Values;
import dev.anneal.data.chat.jinja.value.Weight;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An expression of a template. Immutable; evaluation leaves no trace outside the scope. */
public sealed interface Expression {
  Object evaluate(Scope scope);

  /** A constant. */
  record Literal(Object value) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return value;
    }
  }

  /** {@code name}. */
  record Name(String name) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().step();
      return scope.find(name);
    }
  }

  /** {@code owner.name}. */
  record Attribute(Expression owner, String name) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().step();
      return Members.attribute(owner.evaluate(scope), name);
    }
  }

  /** {@code owner[key]}. */
  record Item(Expression owner, Expression key) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object container = owner.evaluate(scope);
      scope.run().scan(container instanceof String text ? text.length() : 0);
      return Members.item(container, key.evaluate(scope));
    }
  }

  /** {@code owner[start:stop:step]}. */
  record Slice(Expression owner, Expression start, Expression stop, Expression step)
      implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object sliced = owner.evaluate(scope);
      Object stride = step.evaluate(scope);
      if (sliced instanceof String text && stride != None.NONE) {
        scope.run().chargeCharacters(text);
      }
      scope.run().chargeValue(sliced);
      Object made = Members.slice(sliced, start.evaluate(scope), stop.evaluate(scope), stride);
      scope.run().chargeMade(made, sliced);
      return made;
    }
  }

  /** {@code callee(arguments)}. */
  record Call(Expression callee, ArgumentList arguments) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().step();
      Object function = callee.evaluate(scope);
      Values.requireDefined(function);
      if (function instanceof Function callable) {
        Object made = callable.call(arguments.evaluate(scope), scope.run());
        scope.run().chargeMade(made, function);
        return made;
      }
      throw new TemplateException("'" + PythonText.typeName(function) + "' object is not callable");
    }
  }

  /** {@code value | filter(arguments)}. */
  record Filtered(Expression value, String filter, ArgumentList arguments) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return Filters.apply(filter, value.evaluate(scope), arguments.evaluate(scope), scope.run());
    }
  }

  /** {@code value is test(arguments)}. */
  record Tested(Expression value, String test, ArgumentList arguments) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().step();
      return Tests.holds(test, value.evaluate(scope), arguments.evaluate(scope), scope.run());
    }
  }

  /** {@code not value}. */
  record Not(Expression value) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return !Values.truth(value.evaluate(scope));
    }
  }

  /** {@code left and right}; the value of the side that decides, as in Python. */
  record And(Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object first = left.evaluate(scope);
      return Values.truth(first) ? right.evaluate(scope) : first;
    }
  }

  /** {@code left or right}. */
  record Or(Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object first = left.evaluate(scope);
      return Values.truth(first) ? first : right.evaluate(scope);
    }
  }

  /** {@code -value} or {@code +value}. */
  record Signed(Expression value, String sign) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      Object negated = Operators.negate(value.evaluate(scope));
      return sign.equals("-") ? negated : Operators.negate(negated);
    }
  }

  /** {@code left operator right} for arithmetic. */
  record Binary(String operator, Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().step();
      return Operators.apply(operator, left.evaluate(scope), right.evaluate(scope), scope.run());
    }
  }

  /** {@code a ~ b ~ c}: the texts of all parts. */
  record Concatenation(List<Expression> parts) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      StringBuilder out = new StringBuilder();
      for (Expression part : parts) {
        scope.run().append(out, scope.run().text(part.evaluate(scope)));
      }
      return out.toString();
    }
  }

  /** {@code first < second <= third}: each neighbour pair must hold. */
  record Comparison(Expression first, List<String> operators, List<Expression> others)
      implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().step();
      Object left = first.evaluate(scope);
      for (int i = 0; i < operators.size(); i++) {
        Object right = others.get(i).evaluate(scope);
        charge(scope.run(), operators.get(i), left, right);
        if (!holds(operators.get(i), left, right)) {
          return false;
        }
        left = right;
      }
      return true;
    }

    private static void charge(Run run, String operator, Object left, Object right) {
      boolean texts = left instanceof String && right instanceof String;
      if (texts && operator.endsWith("in")) {
        run.scan(TextSearch.cost((String) right, left));
      }
      if (texts || Weight.isContainer(left) && Weight.isContainer(right)) {
        run.chargeWalk(left);
        run.chargeWalk(right);
      } else if (operator.endsWith("in") && !(right instanceof Map)) {
        run.chargeWalk(right);
      }
    }

    private static boolean holds(String operator, Object left, Object right) {
      return switch (operator) {
        case "==" -> Values.equal(left, right);
        case "!=" -> !Values.equal(left, right);
        case "<" -> Values.compare(left, right) < 0;
        case "<=" -> Values.compare(left, right) <= 0;
        case ">" -> Values.compare(left, right) > 0;
        case ">=" -> Values.compare(left, right) >= 0;
        case "in" -> Values.contains(right, left);
        case "not in" -> !Values.contains(right, left);
        default -> throw new TemplateException("unknown operator " + operator);
      };
    }
  }

  /** {@code whenTrue if condition else whenFalse}. */
  record Conditional(Expression condition, Expression whenTrue, Expression whenFalse)
      implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      return (Values.truth(condition.evaluate(scope)) ? whenTrue : whenFalse).evaluate(scope);
    }
  }

  /** {@code (a, b)} and {@code a, b}. */
  record TupleDisplay(List<Expression> items) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().makeObject(items.size());
      return new Tuple(items.stream().map(item -> item.evaluate(scope)).toList());
    }
  }

  /** {@code [a, b]}. */
  record ListDisplay(List<Expression> items) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().makeObject(items.size());
      List<Object> values = new ArrayList<>();
      for (Expression item : items) {
        values.add(item.evaluate(scope));
      }
      return values;
    }
  }

  /** <code>{key: value}</code>. */
  record DictDisplay(List<Expression> keys, List<Expression> values) implements Expression {
    @Override
    public Object evaluate(Scope scope) {
      scope.run().makeObject(2L * keys.size());
      Map<Object, Object> entries = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        Object key = Values.requireKey(keys.get(i).evaluate(scope));
        entries.put(key, values.get(i).evaluate(scope));
      }
      return entries;
    }
  }
}
