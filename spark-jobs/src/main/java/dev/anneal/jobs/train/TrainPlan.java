package dev.anneal.jobs.train;

import dev.anneal.core.config.DataConfig;
import dev.anneal.core.train.TrainingSetup;
import dev.anneal.jobs.io.FetchPlan;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.Serializable;
import java.time.Duration;

/**
 * What the driver sends to every rank. Immutable.
 *
 * @param fetching where files come from
 * @param driverAddress where the control channel listens
 * @param resumeFolder verified checkpoint to start from; empty for none
 */
record TrainPlan(
    TrainingSetup setup,
    DataConfig data,
    FetchPlan fetching,
    String driverAddress,
    String resumeFolder,
    Duration commitTimeout)
    implements Serializable {

  HadoopFileStore store() {
    return fetching.store();
  }
}
