package dev.anneal.core.train;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.checkpoint.CheckpointReader;
import dev.anneal.core.checkpoint.RankCheckpointWriter;
import dev.anneal.core.checkpoint.RankFile;
import dev.anneal.core.checkpoint.RankShard;
import dev.anneal.core.checkpoint.StateKind;
import dev.anneal.core.checkpoint.StateSlice;
import dev.anneal.core.collective.Collective;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.FormatException;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.optim.Optimizer;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.zero.PartitionPlan;
import dev.anneal.core.zero.ShardedOptimizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A rank's part in checkpoints: every rank writes the shard it owns, rank 0 hands all their
 * descriptions to the observer, and nobody goes on before the commit. Borrows the state.
 */
public final class RankCheckpoints implements StepHook {
  private static final int BLOCK_FLOATS = 1 << 20;

  private final Collective ranks;
  private final PartitionPlan plan;
  private final FlatParameters parameters;
  private final ShardedOptimizer optimizer;
  private final RankCheckpointWriter writer;
  private final RankObserver observer;
  private final Schedule schedule;
  private long savedStep = -1;

  /**
   * When to save.
   *
   * @param everySteps 0 saves at the end only
   * @param attempt what tells this attempt's files from an earlier one's
   */
  public record Schedule(long everySteps, String attempt) {
    boolean isDue(TrainState state, boolean last) {
      return last || everySteps > 0 && state.step() % everySteps == 0;
    }
  }

  public RankCheckpoints(
      Collective ranks,
      TrainedModel model,
      ShardedOptimizer optimizer,
      RankCheckpointWriter writer,
      RankObserver observer,
      Schedule schedule) {
    this.ranks = ranks;
    this.plan = model.plan();
    this.parameters = model.parameters();
    this.optimizer = optimizer;
    this.writer = writer;
    this.observer = observer;
    this.schedule = schedule;
  }

  @Override
  public void after(TrainState state, boolean last) {
    if (schedule.isDue(state, last)) {
      save(state);
    }
  }

  /** Saves now, on all ranks together, unless this step was saved already. */
  void save(TrainState state) {
    if (state.step() == savedStep) {
      return;
    }
    observer.phase(state.step(), "checkpoint");
    try {
      RankFile own = writer.write(shard(state));
      byte[][] all = ranks.allGather(own.toJson());
      if (ranks.rank() == 0) {
        List<RankFile> files = new ArrayList<>();
        for (byte[] json : all) {
          files.add(RankFile.fromJson(json));
        }
        observer.commit(state, files);
      }
      ranks.barrier();
      savedStep = state.step();
      observer.phase(state.step(), RankTrainer.TRAIN);
    } catch (FormatException e) {
      throw new IllegalStateException("Cannot read what a rank wrote at step " + state.step(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot write the checkpoint of step " + state.step() + ": " + e.getMessage(), e);
    }
  }

  private RankShard shard(TrainState position) {
    List<StateSlice> slices = new ArrayList<>();
    for (PartitionPlan.Slice slice : plan.slices(ranks.rank())) {
      slices.add(
          new StateSlice(
              slice.parameter(), slice.parameterOffset(), slice.length(), slice.shardOffset()));
    }
    Map<StateKind, TensorSource.Chunks> states = new LinkedHashMap<>();
    states.put(StateKind.PARAMETERS, chunks(chunkRegions(parameters.values().region())));
    for (Optimizer.State state : optimizer.states()) {
      states.put(new StateKind(state.name()), chunks(stateRegions(state.values().region())));
    }
    return new RankShard(
        position.step(),
        ranks.rank(),
        ranks.worldSize(),
        schedule.attempt(),
        plan.shardLength(),
        slices,
        states);
  }

  /** This rank's chunk of every bucket of a flat buffer, in order. */
  private List<FloatRegion> chunkRegions(FloatRegion flat) {
    List<FloatRegion> regions = new ArrayList<>();
    for (PartitionPlan.Bucket bucket : plan.buckets()) {
      long chunk = bucket.length() / plan.worldSize();
      regions.add(flat.slice(bucket.offset() + ranks.rank() * chunk, chunk));
    }
    return regions;
  }

  private List<FloatRegion> stateRegions(FloatRegion state) {
    return state.length() == plan.shardLength() ? List.of(state) : chunkRegions(state);
  }

  private static TensorSource.Chunks chunks(List<FloatRegion> regions) {
    return sink -> {
      for (FloatRegion region : regions) {
        for (long at = 0; at < region.length(); at += BLOCK_FLOATS) {
          long count = Math.min(BLOCK_FLOATS, region.length() - at);
          sink.write(HostMemory.bytes(region.slice(at, count)));
        }
      }
    };
  }

  /** Fills parameters from a checkpoint of any world size. */
  public static void readParameters(CheckpointReader reader, FlatParameters parameters)
      throws IOException {
    for (ParameterSpec spec : parameters.specs()) {
      FloatRegion value = parameters.value(spec.name()).region();
      read(reader, StateKind.PARAMETERS, spec.name(), 0, value);
    }
  }

  /** Fills parameters and optimizer state from a checkpoint of any world size. */
  public void restore(CheckpointReader reader) {
    requireSameStates(reader);
    try {
      readParameters(reader, parameters);
      for (Optimizer.State entry : optimizer.states()) {
        StateKind kind = new StateKind(entry.name());
        FloatRegion state = entry.values().region();
        boolean replicated = state.length() != plan.shardLength();
        for (int rank = 0; rank < plan.worldSize(); rank++) {
          if (!replicated && rank != ranks.rank()) {
            continue;
          }
          for (PartitionPlan.Slice slice : plan.slices(rank)) {
            long offset = replicated ? slice.flatOffset() : slice.shardOffset();
            FloatRegion target = state.slice(offset, slice.length());
            read(reader, kind, slice.parameter(), slice.parameterOffset(), target);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the checkpoint: " + e.getMessage(), e);
    }
  }

  private void requireSameStates(CheckpointReader reader) {
    Set<StateKind> kept = new LinkedHashSet<>();
    kept.add(StateKind.PARAMETERS);
    optimizer.states().forEach(state -> kept.add(new StateKind(state.name())));
    for (RankFile file : reader.manifest().files()) {
      if (!kept.equals(Set.copyOf(file.kinds()))) {
        throw new ConfigException(
            "Cannot resume from a checkpoint of step "
                + reader.manifest().step()
                + ": it holds "
                + file.kinds()
                + ", this run's optimizer.name keeps "
                + kept);
      }
    }
  }

  private static void read(
      CheckpointReader reader, StateKind kind, String name, long offset, FloatRegion target)
      throws IOException {
    for (long at = 0; at < target.length(); at += BLOCK_FLOATS) {
      long count = Math.min(BLOCK_FLOATS, target.length() - at);
      FloatBuffer buffer = HostMemory.bytes(target.slice(at, count)).asFloatBuffer();
      reader.read(kind, name, offset + at, buffer);
    }
  }
}
