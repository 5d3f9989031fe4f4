package dev.anneal.data.read;

/**
 * One row as it stands in a file, before anything is made of it.
 *
 * @param number place in its slice, from 1: the line, or the element of a JSON array
 * @param content the bytes of the row, UTF-8 where the file is sound
 */
public record SourceRow(long number, byte[] content) {}
