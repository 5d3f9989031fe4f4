package dev.anneal.data.chat.jinja.value;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The state of one rendering: what was written so far and what is left of its limits. Time is
 * bounded by steps, memory by the size of all that was ever made, whether or not it is still in
 * use: both depend on template and values alone, so that a row is refused everywhere or nowhere.
 */
public final class Run {
  /** Of one text. */
  static final int MAX_TEXT = 1 << 24;

  /** Of one value, those inside others counted too. */
  static final int MAX_PARTS = 1 << 20;

  public static final int CHARS_PER_STEP = 64;

  /** What a list, a dict or another object counts as, and each element, in characters. */
  private static final int CHARS_PER_OBJECT = 48;

  private static final int CHARS_PER_ITEM = 32;
  private static final int CHARS_PER_SLOT = 4;

  /** Of all values of a rendering: so many, and some more for each character it is given. */
  private static final long MAX_MADE = 1 << 26;

  private static final long MADE_PER_CHARACTER = 16;
  private static final long MOST_MADE = 1 << 28;
  private static final long MAX_STEPS = 20_000_000;
  private static final int MAX_DEPTH = 120;
  private static final int CHARS_PER_FILTER_STEP = 8;
  private static final int ITEMS_PER_STEP = 16;

  private final Clock clock;
  private final long mostMade;
  private final StringBuilder page = new StringBuilder();
  private final List<Rendering.Span> generated = new ArrayList<>();
  private StringBuilder out = page;
  private long steps;
  private long made;
  private int depth;

  /**
   * @param given characters of the values that the template gets
   */
  public Run(Clock clock, long given) {
    this.clock = clock;
    this.mostMade = Math.min(MOST_MADE, MAX_MADE + MADE_PER_CHARACTER * given);
  }

  public Clock clock() {
    return clock;
  }

  /** Counts one step of the program. */
  public void step() {
    if (++steps > MAX_STEPS) {
      throw new TemplateException("template takes more than " + MAX_STEPS + " steps");
    }
  }

  /** Counts characters, or what takes their memory, that are about to be made. */
  void make(long characters) {
    made += characters;
    if (made > mostMade) {
      throw new TemplateException(
          "template makes more than " + mostMade + " characters in all, or values as large");
    }
  }

  /** Counts an object of so many elements that is about to be made. */
  public void makeObject(long items) {
    make(CHARS_PER_OBJECT + CHARS_PER_ITEM * items);
  }

  /** Counts an element about to be added to a list that may grow long. */
  public void makeItem() {
    make(CHARS_PER_ITEM);
  }

  /** Counts a value that was made of another; nothing where it is that other one. */
  public void chargeMade(Object value, Object given) {
    if (value == given) {
      return;
    }
    if (value instanceof String text) {
      make(text.length());
    } else if (value instanceof List<?> list) {
      makeObject(list.size());
      steps += list.size() / ITEMS_PER_STEP;
    } else if (value instanceof Map<?, ?> map) {
      makeObject(2L * map.size());
      steps += map.size() / ITEMS_PER_STEP;
    }
    step();
  }

  /** Counts a text about to be made, so that doubling a string soon ends. */
  public void chargeLength(long length) {
    limit(length);
    make(length);
    scan(length);
  }

  /** Counts a text about to be read through. */
  public void scan(long length) {
    steps += length / CHARS_PER_STEP;
    step();
  }

  /** Counts a value about to be walked to its leaves, or to be compared with another. */
  public void chargeWalk(Object value) {
    if (Weight.isWalked(value)) {
      long weight = Weight.of(value, MAX_PARTS);
      if (weight > MAX_PARTS) {
        throw new TemplateException("template makes a value of more than " + MAX_PARTS + " parts");
      }
      steps += weight;
      step();
    } else if (value instanceof String text) {
      scan(text.length());
    }
  }

  /** As {@link #chargeWalk} for a list that is put in order: its parts, for each round of that. */
  public void chargeSort(Object value) {
    chargeWalk(value);
    if (value instanceof List<?> list) {
      long rounds = Integer.SIZE - Integer.numberOfLeadingZeros(list.size());
      steps += rounds * Weight.of(value, MAX_PARTS);
      step();
    }
  }

  /** Counts what goes into a filter or comes out of one; of a list its own length only. */
  public void chargeValue(Object value) {
    if (value instanceof String text) {
      steps += text.length() / CHARS_PER_FILTER_STEP;
    } else if (value instanceof List<?> list) {
      steps += list.size() / ITEMS_PER_STEP;
    } else if (value instanceof Map<?, ?> map) {
      steps += map.size() / ITEMS_PER_STEP;
    }
    step();
  }

  /** Counts a text that is cut into its characters. */
  public void chargeCharacters(String text) {
    steps += text.length();
    step();
  }

  /** The elements of a value, for a loop. */
  public List<Object> iterate(Object value) {
    chargeValue(value);
    List<Object> items = Values.iterate(value);
    make((value instanceof String ? CHARS_PER_ITEM : CHARS_PER_SLOT) * (long) items.size());
    return items;
  }

  /** A value as a text, its walk counted. */
  public String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    chargeWalk(value);
    return PythonText.str(value);
  }

  public void write(String text) {
    append(out, text);
  }

  /** Appends within the limit of one text. */
  public void append(StringBuilder builder, String text) {
    limit((long) builder.length() + text.length());
    chargeLength(text.length());
    builder.append(text);
  }

  public static void limit(long length) {
    if (length > MAX_TEXT) {
      throw new TemplateException("template makes a text of more than " + MAX_TEXT + " characters");
    }
  }

  /** Runs a body and gives what it wrote instead of writing it. */
  public String capture(Runnable body) {
    if (++depth > MAX_DEPTH) {
      throw new TemplateException("template nests more than " + MAX_DEPTH + " calls");
    }
    StringBuilder before = out;
    out = new StringBuilder();
    try {
      body.run();
      return out.toString();
    } finally {
      out = before;
      depth--;
    }
  }

  /** Runs a body and notes what it wrote to the page as generated by the assistant. */
  public void generated(Runnable body) {
    int start = out.length();
    body.run();
    if (out == page) {
      generated.add(new Rendering.Span(start, page.length()));
    }
  }

  public Rendering finish() {
    return new Rendering(page.toString(), List.copyOf(generated));
  }
}
