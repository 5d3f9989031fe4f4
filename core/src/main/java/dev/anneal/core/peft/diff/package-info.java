/** What diff pruning does beside its modules' programs. */
package dev.anneal.core.peft.diff;
