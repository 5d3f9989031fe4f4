/** What a job is, what it works with and what it leaves. */
package dev.anneal.jobs.job;
