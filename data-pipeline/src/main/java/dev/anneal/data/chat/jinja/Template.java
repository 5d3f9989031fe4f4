package dev.anneal.data.chat.jinja;

import dev.anneal.data.chat.jinja.builtin.Globals;
import dev.anneal.data.chat.jinja.parse.Lexer;
import dev.anneal.data.chat.jinja.parse.StatementParser;
import dev.anneal.data.chat.jinja.tree.Statement;
import dev.anneal.data.chat.jinja.value.Rendering;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.Scope;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.TemplateValues;
import dev.anneal.data.chat.jinja.value.Weight;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A parsed template. Immutable and thread-safe; each rendering is limited in steps, text and
 * nesting and sees nothing but its variables and a clock.
 */
public final class Template {
  private final List<Statement> statements;

  private Template(List<Statement> statements) {
    this.statements = statements;
  }

  /** Parses a source; {@link TemplateException} names the line of an error. */
  public static Template parse(String source) {
    return new Template(StatementParser.parse(Lexer.tokenize(source)));
  }

  /**
   * Renders with variables whose values come from {@link TemplateValues}; the clock answers {@code
   * strftime_now}.
   */
  public Rendering render(Map<String, Object> variables, Clock clock) {
    Run run = new Run(clock, Weight.characters(variables));
    Map<String, Object> names = new LinkedHashMap<>(Globals.ALL);
    names.putAll(variables);
    try {
      Statement.execute(statements, Scope.root(run, names));
    } catch (StackOverflowError e) {
      // A chain of thousands of operators is a tree as deep: hostile, and no reason to end a task.
      throw new TemplateException("template nests too deeply to be evaluated");
    } catch (ArithmeticException
        | ClassCastException
        | IllegalArgumentException
        | IndexOutOfBoundsException e) {
      // What Python has an error of its own for and nobody thought of here: the row is bad.
      throw new TemplateException("template cannot be evaluated: " + e.getMessage());
    }
    return run.finish();
  }
}
