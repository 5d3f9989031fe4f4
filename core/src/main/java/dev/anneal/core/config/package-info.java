/**
 * Every setting as a validated record, and {@link dev.anneal.core.config.ConfigLoader}, the only
 * class that sees text keys. Names and defaults stand in {@code reference.conf} beside these
 * classes; the record components are the same names in camel case.
 */
package dev.anneal.core.config;
