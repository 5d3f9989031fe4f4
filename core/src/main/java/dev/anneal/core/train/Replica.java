package dev.anneal.core.train;

import dev.anneal.core.model.CausalLm;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.InputNoise;
import dev.anneal.core.model.LossSum;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.gradients.GradientPass;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A rank's model as one more thread computes with it: the same weights, gradients and scratch of
 * its own. Opened, asked and closed by the rank's thread, one part at a time.
 */
final class Replica implements AutoCloseable {
  private final TensorScope scope;
  private final TensorRuntime runtime;
  private final FlatParameters parameters;
  private final CausalLm model;
  private final ExecutorService thread;

  private Replica(
      Device device, CausalLm original, FlatParameters originals, int number, TensorScope scope) {
    this.scope = scope;
    this.runtime = scope.own(TensorRuntime.open(device));
    TensorProgram tensors = scope.own(TensorProgram.open(runtime));
    this.parameters = scope.own(originals.replica(runtime, tensors));
    this.model = scope.own(original.replica(runtime, tensors, parameters));
    String name = Thread.currentThread().getName() + "-replica-" + number;
    this.thread =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread made = new Thread(work, name);
              made.setDaemon(true);
              return made;
            });
  }

  /** On the original's device; the original model must outlive it. */
  static Replica open(Device device, CausalLm original, FlatParameters originals, int number) {
    TensorScope scope = new TensorScope();
    try {
      return new Replica(device, original, originals, number, scope);
    } catch (RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  long liveTensors() {
    return runtime.liveTensors();
  }

  Future<LossSum> begin(MicroBatch part, InputNoise noise, GradientPass pass, int threads) {
    return thread.submit(
        () -> {
          runtime.prepareThread(threads);
          parameters.zeroGradients();
          return model.forwardBackward(part, noise, pass);
        });
  }

  /** Until the part is over, whatever its end: its memory is in use until then. */
  static void await(Future<LossSum> part) {
    boolean interrupted = false;
    while (!part.isDone()) {
      try {
        part.get();
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException | CancellationException e) {
        break; // told by result()
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Of a part that is over; a failure is thrown as it was. */
  static LossSum result(Future<LossSum> part) {
    try {
      return part.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted beside a part that is over", e);
    }
  }

  /** Adds what the last part gave to the original's gradients. */
  void addGradientsTo(FlatParameters originals) {
    originals.gradientBuffers().add(parameters.gradients());
  }

  @Override
  public void close() {
    thread.shutdown();
    scope.close();
  }
}
