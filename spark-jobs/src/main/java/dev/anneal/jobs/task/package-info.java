/** Spark tasks: how plans and results travel, what their pages count. */
package dev.anneal.jobs.task;
