/** A parsed template: expressions and statements that evaluate themselves. */
package dev.anneal.data.chat.jinja.tree;
