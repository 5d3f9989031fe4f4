/** Cuts and packs tokens to rows of at most {@code block_size}: pure arithmetic over lengths. */
package dev.anneal.data.pack;
