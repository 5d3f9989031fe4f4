/**
 * The channel between the driver and the ranks: progress and results one way, acknowledgements and
 * stop the other, and what the driver concludes from them.
 */
package dev.anneal.core.control;
