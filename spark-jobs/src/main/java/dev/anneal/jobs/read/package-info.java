/** Files of a corpus as rows: containers, codecs, and what tells them apart. */
package dev.anneal.jobs.read;
