/** Filters, tests, functions and methods that templates find. */
package dev.anneal.data.chat.jinja.builtin;
