/** What training left, as folders that others load: merged models and PEFT adapters. */
package dev.anneal.jobs.export;
