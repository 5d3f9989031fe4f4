/** What a run tells of itself: counts by input, quarantine, dropped rows, pages. */
package dev.anneal.jobs.tokenize.report;
