package dev.anneal.jobs.train;

import dev.anneal.core.report.TrainingReport;
import dev.anneal.core.run.RunManifest;
import dev.anneal.jobs.job.JobResult;

/** A finished training: its result, and what a report shows of it. */
public record TrainRun(JobResult result, TrainingReport report, RunManifest manifest) {}
