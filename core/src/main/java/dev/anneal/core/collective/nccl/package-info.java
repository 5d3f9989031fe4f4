/**
 * Ranks that have a card each, joined by NCCL over raw device pointers.
 *
 * <p>A control collective goes with it: small operations, agreement on what comes next, and the
 * word that the group has failed travel there. NCCL moves values alone, on a stream of its own.
 * Nobody waits inside NCCL or CUDA: whoever waits asks again and again, and leaves, aborting what
 * runs on the card, as soon as the control collective knows of a failure.
 */
package dev.anneal.core.collective.nccl;
