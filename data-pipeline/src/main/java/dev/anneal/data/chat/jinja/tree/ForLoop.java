package dev.anneal.data.chat.jinja.tree;

import dev.anneal.data.chat.jinja.value.LoopState;
import dev.anneal.data.chat.jinja.value.Scope;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code for target in items if condition} ... {@code else} ... {@code endfor}. */
public record ForLoop(
    Target target,
    Expression items,
    Optional<Expression> condition,
    List<Statement> body,
    List<Statement> otherwise)
    implements Statement {
  private static final String LOOP = "loop";

  @Override
  public Flow execute(Scope scope) {
    List<Object> chosen = choose(scope.run().iterate(items.evaluate(scope)), scope);
    if (chosen.isEmpty()) {
      return Statement.execute(otherwise, scope.inner());
    }
    int depth = scope.find(LOOP) instanceof LoopState outer ? outer.depth() + 1 : 1;
    LoopState loop = new LoopState(chosen, depth);
    for (int i = 0; i < chosen.size(); i++) {
      scope.run().step();
      loop.moveTo(i);
      Scope inner = scope.inner();
      inner.set(LOOP, loop);
      target.assign(chosen.get(i), inner);
      if (Statement.execute(body, inner) == Flow.BREAK) {
        break;
      }
    }
    return Flow.NEXT;
  }

  private List<Object> choose(List<Object> all, Scope scope) {
    if (condition.isEmpty()) {
      return all;
    }
    List<Object> chosen = new ArrayList<>();
    for (Object item : all) {
      Scope inner = scope.inner();
      target.assign(item, inner);
      if (Values.truth(condition.get().evaluate(inner))) {
        chosen.add(item);
      }
    }
    return chosen;
  }
}
