package dev.anneal.core.config;

import java.util.Collection;

/** The rules of single settings, each with the message a user reads when it is broken. */
public final class Rule {
  private Rule() {}

  public static void positive(String key, double value) {
    check(value > 0 && Double.isFinite(value), key, value, "must be > 0");
  }

  public static void notNegative(String key, double value) {
    check(value >= 0 && Double.isFinite(value), key, value, "must be >= 0");
  }

  public static void between(String key, double value, double low, double high) {
    check(
        value >= low && value <= high, key, value, "must be in [" + n(low) + ", " + n(high) + "]");
  }

  /** In [low, high): for shares such as dropout and Adam's betas. */
  public static void below(String key, double value, double low, double high) {
    check(value >= low && value < high, key, value, "must be in [" + n(low) + ", " + n(high) + ")");
  }

  public static void noBlank(String key, Collection<String> values) {
    for (String value : values) {
      check(!value.isBlank(), key, "\"" + value + "\"", "must hold no empty name");
    }
  }

  /** The value of a key that this job cannot do without. */
  public static String required(String key, String value) {
    if (value.isBlank()) {
      throw new ConfigException("Missing " + key + " (set it with -s " + key + "=...)");
    }
    return value;
  }

  public static void check(boolean holds, String key, double value, String rule) {
    check(holds, key, n(value), rule);
  }

  public static void check(boolean holds, String key, String value, String rule) {
    if (!holds) {
      throw new ConfigException("Invalid " + key + ": " + value + " (" + rule + ")");
    }
  }

  private static String n(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
