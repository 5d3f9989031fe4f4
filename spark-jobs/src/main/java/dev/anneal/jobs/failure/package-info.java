/** Failures by class: messages and exit codes. */
package dev.anneal.jobs.failure;
