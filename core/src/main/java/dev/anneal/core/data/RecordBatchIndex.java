package dev.anneal.core.data;

/**
 * Where the parts of one record batch lie.
 *
 * @param bodyPosition first byte of the body in the file
 * @param bodyLength bytes of the body
 * @param rows number of rows
 * @param nodeLengths elements of every field node, depth first
 * @param nullCounts nulls of every field node
 * @param bufferOffsets first byte of every buffer, counted from the body
 * @param bufferLengths bytes of every buffer
 */
record RecordBatchIndex(
    long bodyPosition,
    int bodyLength,
    int rows,
    long[] nodeLengths,
    long[] nullCounts,
    long[] bufferOffsets,
    long[] bufferLengths) {}
