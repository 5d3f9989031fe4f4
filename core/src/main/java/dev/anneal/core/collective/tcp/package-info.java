/**
 * Ranks as processes joined by TCP: a ring carries regions, a star around rank 0 carries small
 * operations and failures.
 *
 * <p>A rank has a link to the next rank, one from the previous rank, and one to rank 0. Rank 0 sees
 * every operation that a rank enters and every link that breaks; it decides what went wrong first
 * and tells all. Values travel in the byte order of the machine, which all ranks share.
 */
package dev.anneal.core.collective.tcp;
