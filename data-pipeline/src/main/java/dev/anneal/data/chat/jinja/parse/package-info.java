/** Text of a template to tokens to its tree. */
package dev.anneal.data.chat.jinja.parse;
