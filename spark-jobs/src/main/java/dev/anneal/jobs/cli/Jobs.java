package dev.anneal.jobs.cli;

import dev.anneal.jobs.doctor.DoctorJob;
import dev.anneal.jobs.evaluate.EvaluateJob;
import dev.anneal.jobs.export.ExportJob;
import dev.anneal.jobs.generate.GenerateJob;
import dev.anneal.jobs.inspect.InspectJob;
import dev.anneal.jobs.job.SparkJob;
import dev.anneal.jobs.preview.SampleJob;
import dev.anneal.jobs.quickstart.QuickstartJob;
import dev.anneal.jobs.tokenize.TokenizeJob;
import dev.anneal.jobs.train.PlanJob;
import dev.anneal.jobs.train.TrainJob;
import java.util.List;

/** Every job there is, in the order of the help: the one list to add a job to. */
public final class Jobs {
  private Jobs() {}

  public static List<SparkJob> all() {
    return List.of(
        new QuickstartJob(),
        new TokenizeJob(),
        new SampleJob(),
        new PlanJob(),
        new TrainJob(),
        new EvaluateJob(),
        new GenerateJob(),
        new ExportJob(),
        new InspectJob(),
        new DoctorJob());
  }
}
