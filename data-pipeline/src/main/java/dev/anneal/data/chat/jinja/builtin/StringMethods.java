package dev.anneal.data.chat.jinja.builtin;

import dev.anneal.data.chat.jinja.value.Arguments;
import dev.anneal.data.chat.jinja.value.Function;
import dev.anneal.data.chat.jinja.value.None;
import dev.anneal.data.chat.jinja.value.PythonText;
import dev.anneal.data.chat.jinja.value.Run;
import dev.anneal.data.chat.jinja.value.TemplateException;
import dev.anneal.data.chat.jinja.value.TextSearch;
import dev.anneal.data.chat.jinja.value.Undefined;
import dev.anneal.data.chat.jinja.value.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Python's methods of {@code str} that chat templates use. */
final class StringMethods {
  /** One method: the text, the call's arguments, and the run that is charged for new texts. */
  private interface Method {
    Object call(String text, Arguments arguments, Run run);
  }

  private static final Map<String, Method> METHODS =
      Map.ofEntries(
          Map.entry("strip", (text, a, run) -> charged(strip(text, a, true, true), text, a, run)),
          Map.entry("lstrip", (text, a, run) -> charged(strip(text, a, true, false), text, a, run)),
          Map.entry("rstrip", (text, a, run) -> charged(strip(text, a, false, true), text, a, run)),
          Map.entry("startswith", (text, a, run) -> affix(a, text::startsWith)),
          Map.entry("endswith", (text, a, run) -> affix(a, text::endsWith)),
          Map.entry(
              "removeprefix", (text, a, run) -> removePrefix(text, a.requireText(0, "prefix"))),
          Map.entry(
              "removesuffix", (text, a, run) -> removeSuffix(text, a.requireText(0, "suffix"))),
          Map.entry("split", (text, a, run) -> StringSplits.split(text, a, run)),
          Map.entry("rsplit", (text, a, run) -> StringSplits.splitRight(text, a, run)),
          Map.entry("splitlines", (text, a, run) -> StringSplits.lines(text, a, run)),
          Map.entry("partition", (text, a, run) -> StringSplits.partition(text, a, false)),
          Map.entry("rpartition", (text, a, run) -> StringSplits.partition(text, a, true)),
          Map.entry("replace", StringMethods::replace),
          Map.entry(
              "join", (text, a, run) -> join(text, run.iterate(a.require(0, "iterable")), run)),
          Map.entry("upper", (text, a, run) -> text.toUpperCase(Locale.ROOT)),
          Map.entry("lower", (text, a, run) -> text.toLowerCase(Locale.ROOT)),
          Map.entry("title", (text, a, run) -> title(text)),
          Map.entry("capitalize", (text, a, run) -> capitalize(text)),
          Map.entry(
              "find",
              (text, a, run) -> position(text, TextSearch.first(text, a.requireText(0, "sub"), 0))),
          Map.entry(
              "rfind",
              (text, a, run) -> position(text, TextSearch.last(text, a.requireText(0, "sub")))),
          Map.entry("count", (text, a, run) -> count(text, a.requireText(0, "sub"))),
          Map.entry(
              "index",
              (text, a, run) -> found(TextSearch.first(text, a.requireText(0, "sub"), 0), text)),
          Map.entry(
              "rindex",
              (text, a, run) -> found(TextSearch.last(text, a.requireText(0, "sub")), text)),
          Map.entry("ljust", (text, a, run) -> text + padding(text, a, run)),
          Map.entry("rjust", (text, a, run) -> padding(text, a, run) + text),
          Map.entry(
              "casefold", (text, a, run) -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT)),
          Map.entry("isascii", (text, a, run) -> text.chars().allMatch(c -> c < 128)),
          Map.entry("isdigit", (text, a, run) -> all(text, Character::isDigit)),
          Map.entry("isalpha", (text, a, run) -> all(text, Character::isLetter)),
          Map.entry("isalnum", (text, a, run) -> all(text, Character::isLetterOrDigit)),
          Map.entry("isspace", (text, a, run) -> all(text, c -> PythonText.isSpace((char) c))),
          Map.entry("isupper", (text, a, run) -> isUpper(text)),
          Map.entry("islower", (text, a, run) -> isLower(text)));

  private StringMethods() {}

  static Object find(String text, String name) {
    Method method = METHODS.get(name);
    if (method == null) {
      return Undefined.member(text, name);
    }
    return (Function)
        (arguments, run) -> {
          run.scan(
              TextSearch.cost(text, arguments.size() > 0 ? arguments.positional().get(0) : ""));
          return method.call(text, arguments, run);
        };
  }

  static String strip(String text, Arguments arguments, boolean left, boolean right) {
    Object given = arguments.get(0, "chars", None.NONE);
    IntPredicate drop =
        given == None.NONE
            ? c -> c <= Character.MAX_VALUE && PythonText.isSpace((char) c)
            : oneOf(arguments.requireText(0, "chars"));
    int start = 0;
    int end = text.length();
    while (left && start < end && drop.test(text.codePointAt(start))) {
      start += Character.charCount(text.codePointAt(start));
    }
    while (right && end > start && drop.test(text.codePointBefore(end))) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(start, end);
  }

  /** What was cut off a text was looked up among the characters to cut. */
  static String charged(String cut, String text, Arguments arguments, Run run) {
    boolean given = arguments.get(0, "chars", None.NONE) instanceof String;
    long lookedUp = given ? arguments.requireText(0, "chars").length() : 0;
    run.scan(Run.CHARS_PER_STEP / 2 * (lookedUp + text.length() - cut.length()));
    return cut;
  }

  private static IntPredicate oneOf(String characters) {
    Set<Integer> points = characters.codePoints().boxed().collect(Collectors.toSet());
    return points::contains;
  }

  static String join(String separator, List<Object> items, Run run) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      run.append(out, i > 0 ? separator : "");
      run.append(out, run.text(items.get(i)));
    }
    return out.toString();
  }

  static String replace(String text, Arguments arguments, Run run) {
    String old = arguments.requireText(0, "old");
    String fresh = arguments.requireText(1, "new");
    long limit = arguments.number(2, "count", -1);
    limit = limit < 0 ? Long.MAX_VALUE : limit;
    StringBuilder out = new StringBuilder();
    int at = 0;
    int next = TextSearch.first(text, old, 0);
    for (long done = 0; next >= 0 && done < limit; done++) {
      run.append(out, text.substring(at, next));
      run.append(out, fresh);
      at = next + old.length();
      if (old.isEmpty() && next < text.length()) {
        int size = Character.charCount(text.codePointAt(next));
        out.append(text, next, next + size);
        at = next + size;
      } else if (old.isEmpty()) {
        break;
      }
      next = TextSearch.first(text, old, at);
    }
    run.append(out, text.substring(at));
    return out.toString();
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return text.substring(0, first).toUpperCase(Locale.ROOT)
        + text.substring(first).toLowerCase(Locale.ROOT);
  }

  static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int point = text.codePointAt(i);
      boolean letter = Character.isLetter(point);
      out.appendCodePoint(inWord ? Character.toLowerCase(point) : Character.toTitleCase(point));
      inWord = letter;
    }
    return out.toString();
  }

  static long count(String text, String part) {
    if (part.isEmpty()) {
      return Values.length(text) + 1;
    }
    long found = 0;
    int length = part.length();
    for (int i = TextSearch.first(text, part, 0);
        i >= 0;
        i = TextSearch.first(text, part, i + length)) {
      found++;
    }
    return found;
  }

  private static boolean affix(Arguments arguments, Predicate<String> matches) {
    Object given = arguments.require(0, "affix");
    List<Object> candidates = new ArrayList<>();
    if (given instanceof List<?> several) {
      candidates.addAll(several);
    } else {
      candidates.add(arguments.requireText(0, "affix"));
    }
    return candidates.stream().anyMatch(c -> c instanceof String text && matches.test(text));
  }

  private static String removePrefix(String text, String prefix) {
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  private static String removeSuffix(String text, String suffix) {
    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
  }

  private static long found(int at, String text) {
    if (at < 0) {
      throw new TemplateException("substring not found");
    }
    return position(text, at);
  }

  private static String padding(String text, Arguments arguments, Run run) {
    long missing = arguments.number(0, "width", 0) - Values.length(text);
    String fill = PythonText.str(arguments.get(1, "fillchar", " "));
    if (Values.length(fill) != 1) {
      throw new TemplateException("The fill character must be exactly one character long");
    }
    run.chargeLength(Math.max(0, missing) * fill.length());
    return missing <= 0 ? "" : fill.repeat((int) missing);
  }

  private static long position(String text, int found) {
    return found < 0 ? -1 : text.codePointCount(0, found);
  }

  private static boolean all(String text, IntPredicate predicate) {
    return !text.isEmpty() && text.codePoints().allMatch(predicate);
  }

  static boolean isLower(String text) {
    return cased(text, text.toLowerCase(Locale.ROOT));
  }

  static boolean isUpper(String text) {
    return cased(text, text.toUpperCase(Locale.ROOT));
  }

  private static boolean cased(String text, String converted) {
    return text.equals(converted)
        && text.codePoints().anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c));
  }
}
