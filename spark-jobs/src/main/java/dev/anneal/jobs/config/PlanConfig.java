package dev.anneal.jobs.config;

import java.io.Serializable;

/**
 * What the plan job does beside its arithmetic. Immutable.
 *
 * @param calibrate whether some of the run's first micro-batches are computed, for the time of a
 *     step on this machine
 */
public record PlanConfig(boolean calibrate) implements Serializable {}
