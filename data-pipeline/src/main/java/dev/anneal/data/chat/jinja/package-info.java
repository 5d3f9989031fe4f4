/**
 * An interpreter of the Jinja that chat templates are written in, with the results of Jinja2 as
 * transformers sets it up: {@code trim_blocks}, {@code lstrip_blocks}, loop controls, {@code
 * generation} tags, an immutable sandbox. Templates are programs from strangers: they see plain
 * data only, and steps, output and nesting are limited.
 */
package dev.anneal.data.chat.jinja;
