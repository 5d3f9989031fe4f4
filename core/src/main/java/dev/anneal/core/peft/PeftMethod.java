package dev.anneal.core.peft;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What an adapter method is called and which settings it has; on every permitted {@link
 * AdapterMethod}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface PeftMethod {
  /** PEFT's {@code peft_type}, in capitals. */
  String type();

  /**
   * A record with {@link dev.anneal.core.config.ElementDefaults}, which is the only argument of the
   * method's constructor. Its components are the settings, and the fields of adapter_config.json.
   */
  Class<? extends Record> settings();

  /** Whether PEFT has no such method: the folder's format is ours, and names are the model's. */
  boolean own() default false;

  /** Fields of adapter_config.json that must be there, since PEFT's default is another. */
  String[] required() default {};

  /** Fields of adapter_config.json without effect on an adapter that is trained already. */
  String[] withoutEffect() default {};

  /** Fields that change the maths: refused unless false, null or empty. */
  String[] unsupported() default {};
}
