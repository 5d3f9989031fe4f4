/** The command line: its list of jobs, and one run from arguments to exit code. */
package dev.anneal.jobs.cli;
