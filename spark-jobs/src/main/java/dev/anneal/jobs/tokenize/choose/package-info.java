/** Which rows are left out before they are tokenized. */
package dev.anneal.jobs.tokenize.choose;
