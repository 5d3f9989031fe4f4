package dev.anneal.data.filter;

import dev.anneal.data.config.ScriptFilterConfig;
import dev.anneal.data.text.TextView;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Language by script: the share of letters that belong to the given Unicode scripts, letters of
 * COMMON and INHERITED left aside. A text without letters has share 0.
 */
final class ScriptFilter implements DocumentFilter {
  private static final long serialVersionUID = 1L;

  private final EnumSet<Character.UnicodeScript> scripts =
      EnumSet.noneOf(Character.UnicodeScript.class);
  private final double minShare;

  ScriptFilter(ScriptFilterConfig config) {
    config.names().forEach(name -> scripts.add(Character.UnicodeScript.forName(name)));
    this.minShare = config.minShare();
  }

  @Override
  public Optional<String> reject(TextView text) {
    return share(text.text(), scripts) < minShare
        ? Optional.of("script.min_share")
        : Optional.empty();
  }

  static double share(String text, Set<Character.UnicodeScript> scripts) {
    long letters = 0;
    long of = 0;
    int at = 0;
    while (at < text.length()) {
      int codePoint = text.codePointAt(at);
      at += Character.charCount(codePoint);
      if (!Character.isLetter(codePoint)) {
        continue;
      }
      Character.UnicodeScript script = Character.UnicodeScript.of(codePoint);
      if (script != Character.UnicodeScript.COMMON && script != Character.UnicodeScript.INHERITED) {
        letters++;
        of += scripts.contains(script) ? 1 : 0;
      }
    }
    return letters == 0 ? 0 : (double) of / letters;
  }
}
