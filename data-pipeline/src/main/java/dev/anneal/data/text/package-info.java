/** What steps before tokenizing see of a document: its words, lines and content hash. */
package dev.anneal.data.text;
