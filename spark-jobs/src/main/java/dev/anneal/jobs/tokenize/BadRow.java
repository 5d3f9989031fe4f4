package dev.anneal.jobs.tokenize;

import java.io.Serializable;

/**
 * A row that was set aside.
 *
 * @param slice index of its slice within the split
 * @param number its line or element within the slice, from 1
 */
record BadRow(int slice, long number, String reason) implements Serializable {}
