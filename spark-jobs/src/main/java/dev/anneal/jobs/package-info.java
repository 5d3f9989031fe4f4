/** Reads the configuration, places work on executors, calls core and data-pipeline. */
package dev.anneal.jobs;
