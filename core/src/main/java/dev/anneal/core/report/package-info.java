/** report.html: facts, curves, generations and scores as one page that opens offline. */
package dev.anneal.core.report;
