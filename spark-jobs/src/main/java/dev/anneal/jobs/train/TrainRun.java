package dev.anneal.jobs.train;

import dev.anneal.core.run.RunManifest;
import dev.anneal.core.run.TrainingReport;
import dev.anneal.jobs.JobResult;

/** A finished training: its result, and what a report shows of it. */
public record TrainRun(JobResult result, TrainingReport report, RunManifest manifest) {}
