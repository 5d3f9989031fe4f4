/** Files to rows: lines of a byte range, JSON rows, the text of a document. */
package dev.anneal.data.read;
