package dev.anneal.core.peft;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What an adapter method is called, and what makes it; on every permitted {@link AdapterMethod}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface PeftMethod {
  /** PEFT's {@code peft_type}, in capitals. */
  String type();

  /** Has a constructor without arguments. */
  Class<? extends AdapterFactory> factory();
}
