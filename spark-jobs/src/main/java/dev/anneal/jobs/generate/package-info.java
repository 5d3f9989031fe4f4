/** Text from a model: prompts in, answers out, on the driver or inside a task. */
package dev.anneal.jobs.generate;
