/** Files of a run, wherever they live, and their checksums. */
package dev.anneal.core.io;
