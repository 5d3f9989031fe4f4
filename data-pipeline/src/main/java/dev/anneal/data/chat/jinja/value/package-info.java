/** Values of a template as Python sees them, and the state and limits of a rendering. */
package dev.anneal.data.chat.jinja.value;
