package dev.anneal.core.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * On a record that is an element of a list of sections: what it holds where the user says nothing,
 * as HOCON. A text in place of a section is its {@code path}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface ElementDefaults {
  String value();
}
