/** The whole configuration, and the sections of the jobs alone. */
package dev.anneal.jobs.config;
