/** Job sample: some rows with what is trained on, before anything is written. */
package dev.anneal.jobs.preview;
