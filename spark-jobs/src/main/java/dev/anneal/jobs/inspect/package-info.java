/** What a folder holds, in words. */
package dev.anneal.jobs.inspect;
