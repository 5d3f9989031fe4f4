package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import java.io.Serializable;
import java.util.List;

/**
 * Keeps documents written in given scripts. Immutable.
 *
 * @param names Unicode names such as Han and Latin; none switches the filter off
 * @param minShare of the letters that must be of these scripts
 */
public record ScriptFilterConfig(List<String> names, double minShare) implements Serializable {
  public static final ScriptFilterConfig OFF = new ScriptFilterConfig(List.of(), 0.5);

  public ScriptFilterConfig {
    names = List.copyOf(names);
    Rule.between("tokenize.filters.script.min_share", minShare, 0, 1);
    for (String name : names) {
      Rule.check(
          isScript(name),
          "tokenize.filters.script.names",
          name,
          "must be a Unicode script, for example Han, Latin, Cyrillic");
    }
  }

  private static boolean isScript(String name) {
    try {
      Character.UnicodeScript.forName(name);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
