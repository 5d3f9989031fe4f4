/** Ranks as threads of one JVM. */
package dev.anneal.core.collective.local;
