/**
 * Executors to ranks: the barrier stage, its checks before it starts, and how the ranks meet. The
 * only package with Scala types.
 */
package dev.anneal.jobs.placement;
