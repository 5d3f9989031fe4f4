package dev.anneal.core.config;

import java.util.Set;

/** A choice that other tools call otherwise; settings take those names too. */
interface OtherNames {
  /** In small letters. */
  Set<String> otherNames();
}
