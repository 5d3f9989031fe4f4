package dev.anneal.data.chat.jinja.value;

import java.util.List;

/** The {@code loop} variable inside a {@code for}: where the loop stands. */
public final class LoopState {
  private final List<Object> items;
  private final int depth;
  private int index;
  private Object lastSeen = None.NONE;
  private boolean seen;

  public LoopState(List<Object> items, int depth) {
    this.items = items;
    this.depth = depth;
  }

  public int depth() {
    return depth;
  }

  public void moveTo(int position) {
    index = position;
  }

  public Object attribute(String name) {
    long size = items.size();
    return switch (name) {
      case "index" -> (long) index + 1;
      case "index0" -> (long) index;
      case "revindex" -> size - index;
      case "revindex0" -> size - index - 1;
      case "first" -> index == 0;
      case "last" -> index == size - 1;
      case "length" -> size;
      case "depth" -> (long) depth;
      case "depth0" -> (long) depth - 1;
      case "previtem" ->
          index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
      case "nextitem" ->
          index + 1 < size ? items.get(index + 1) : new Undefined("there is no next item");
      case "cycle" -> (Function) (arguments, run) -> cycle(arguments);
      case "changed" ->
          (Function)
              (arguments, run) -> {
                arguments.positional().forEach(run::chargeWalk);
                return changed(arguments);
              };
      default -> Undefined.member(this, name);
    };
  }

  private Object cycle(Arguments arguments) {
    if (arguments.size() == 0) {
      throw new TemplateException("no items for cycling given");
    }
    return arguments.positional().get(index % arguments.size());
  }

  private boolean changed(Arguments arguments) {
    boolean different = !seen || !Values.equal(lastSeen, arguments.positional());
    seen = true;
    lastSeen = arguments.positional();
    return different;
  }

  @Override
  public String toString() {
    return "<LoopContext " + (index + 1) + "/" + items.size() + ">";
  }
}
