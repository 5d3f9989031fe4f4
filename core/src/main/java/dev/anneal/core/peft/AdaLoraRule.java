package dev.anneal.core.peft;

import static java.util.stream.Collectors.groupingBy;

import dev.anneal.core.collective.Collective;
import dev.anneal.core.optim.OwnedState;
import dev.anneal.core.optim.OwnedState.Piece;
import dev.anneal.core.optim.StepRule;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * AdaLoRA around the update: the penalty for directions that are not orthogonal, and the budget of
 * singular values that is spent on the important ones; PEFT's RankAllocator, from parts of every
 * rank. From the step of the last allocation on the first state of E holds what is kept, 1 or 0.
 */
final class AdaLoraRule implements StepRule {
  static final List<String> STATES = List.of("importance", "uncertainty");

  private final AdaLora.Settings settings;
  private final List<Module> modules;
  private final Map<String, Place> places = new HashMap<>();
  private final int initialBudget;
  private final Program program;

  /** One adapted module: its path, how many singular values it has, and its sizes. */
  record Module(String path, int rank, long in, long out) {}

  /**
   * Where a parameter's elements count.
   *
   * @param first the module's first singular value among all
   * @param columns elements of a row
   * @param kind A, B or E
   */
  private record Place(int first, Module module, long columns, char kind) {
    /** The singular value that an element belongs to, among all. */
    int triplet(long element) {
      return first + (int) (kind == 'B' ? element % columns : element / columns);
    }

    /** How many elements of the parameter belong to one singular value. */
    long elements() {
      return kind == 'E' ? 1 : kind == 'A' ? module.in() : module.out();
    }
  }

  AdaLoraRule(TensorRuntime runtime, AdaLora.Settings settings, List<Module> modules) {
    this.settings = settings;
    this.modules = List.copyOf(modules);
    int first = 0;
    for (Module module : modules) {
      places.put(module.path() + AdaLora.A, new Place(first, module, module.in(), 'A'));
      places.put(module.path() + AdaLora.B, new Place(first, module, module.rank(), 'B'));
      places.put(module.path() + AdaLora.E, new Place(first, module, 1, 'E'));
      first += module.rank();
    }
    this.initialBudget = first;
    this.program =
        Program.compile(
            runtime, List.of(Program.source(AdaLora.class, "adalora-rule.torchscript")));
  }

  @Override
  public List<String> states() {
    return STATES;
  }

  @Override
  public double addGradients(OwnedState own, double scale) {
    if (settings.orthRegWeight() == 0) {
      return 0;
    }
    double weight = settings.orthRegWeight() / (2.0 * modules.size());
    Map<String, List<Piece>> pieces =
        own.shards().stream().flatMap(List::stream).collect(groupingBy(Piece::parameter));
    double sum = 0;
    for (Module module : modules) {
      for (String parameter : List.of(module.path() + AdaLora.A, module.path() + AdaLora.B)) {
        List<Piece> owned = pieces.getOrDefault(parameter, List.of());
        sum += addGradient(own, parameter, owned, weight * scale);
      }
    }
    return weight * sum;
  }

  private double addGradient(OwnedState own, String parameter, List<Piece> owned, double factor) {
    List<Tensor> results = program.call("orthogonality").tensor(own.whole().apply(parameter)).run();
    try {
      float[] gradient = results.get(0).toFloats();
      for (Piece piece : owned) {
        float[] added = new float[Math.toIntExact(piece.length())];
        int offset = Math.toIntExact(piece.offset());
        for (int i = 0; i < added.length; i++) {
          added[i] = (float) (factor * gradient[offset + i]);
        }
        piece.addGradients(added);
      }
      return results.get(1).toFloats()[0];
    } finally {
      results.forEach(Tensor::close);
    }
  }

  private static FloatBuffer floats(FloatRegion region) {
    return HostMemory.bytes(region).asFloatBuffer();
  }

  @Override
  public void afterUpdate(long step, OwnedState own, Collective ranks) {
    long last = settings.totalStep() - settings.tfinal();
    if (step < last) {
      own.shards().forEach(shard -> shard.forEach(this::learnImportance));
    }
    if (step > last) {
      own.shards().forEach(shard -> shard.forEach(this::keepPattern));
    } else if (step == last || allocates(step)) {
      mask(own, ranks, budget(step), step == last);
    }
  }

  private boolean allocates(long step) {
    return step > settings.tinit() && step % settings.deltaT() == 0;
  }

  /** Singular values that may stay after a step of the phase in which they get fewer. */
  private int budget(long step) {
    int target = settings.targetR() * modules.size();
    double phase = settings.totalStep() - settings.tfinal() - settings.tinit();
    double left = 1 - (step - settings.tinit()) / phase;
    return (int) ((initialBudget - target) * (left * left * left) + target);
  }

  /** Sensitivity |p g|, smoothed, and how far it strays from that, smoothed; fp32 as in PEFT. */
  private void learnImportance(Piece piece) {
    if (!places.containsKey(piece.parameter())) {
      return;
    }
    float[] values = HostMemory.floats(piece.values());
    float[] gradients = HostMemory.floats(piece.gradients());
    float[] importance = HostMemory.floats(piece.states().get(0));
    float[] uncertainty = HostMemory.floats(piece.states().get(1));
    float beta1 = (float) settings.beta1();
    float beta2 = (float) settings.beta2();
    float rest1 = (float) (1 - settings.beta1());
    float rest2 = (float) (1 - settings.beta2());
    for (int i = 0; i < values.length; i++) {
      float now = Math.abs(values[i] * gradients[i]);
      float mean = beta1 * importance[i] + rest1 * now;
      importance[i] = mean;
      uncertainty[i] = beta2 * uncertainty[i] + rest2 * Math.abs(now - mean);
    }
    HostMemory.put(importance, piece.states().get(0));
    HostMemory.put(uncertainty, piece.states().get(1));
  }

  private void mask(OwnedState own, Collective ranks, int budget, boolean forGood) {
    double[] scores = new double[initialBudget];
    for (List<Piece> shard : own.shards()) {
      double[] part = scores(shard);
      for (int i = 0; i < scores.length; i++) {
        scores[i] += part[i];
      }
    }
    if (own.sharded()) {
      scores = ranks.allReduceSum(scores);
    }
    double threshold = threshold(scores, initialBudget - budget);
    for (List<Piece> shard : own.shards()) {
      for (Piece piece : shard) {
        mask(piece, scores, threshold, forGood);
      }
    }
  }

  /** The importance of each singular value: its own, and the means of its two vectors. */
  private double[] scores(List<Piece> shard) {
    double[] scores = new double[initialBudget];
    for (Piece piece : shard) {
      Place place = places.get(piece.parameter());
      if (place != null) {
        float[] importance = HostMemory.floats(piece.states().get(0));
        float[] uncertainty = HostMemory.floats(piece.states().get(1));
        for (int i = 0; i < importance.length; i++) {
          float score = importance[i] * uncertainty[i];
          scores[place.triplet(piece.offset() + i)] += score / (double) place.elements();
        }
      }
    }
    return scores;
  }

  /** The largest score that has to go; nothing where none has. */
  private static double threshold(double[] scores, int fewer) {
    double[] sorted = scores.clone();
    Arrays.sort(sorted);
    return fewer <= 0 ? Double.NEGATIVE_INFINITY : sorted[fewer - 1];
  }

  private void mask(Piece piece, double[] scores, double threshold, boolean forGood) {
    Place place = places.get(piece.parameter());
    if (place == null || place.kind() != 'E') {
      return;
    }
    FloatBuffer values = floats(piece.values());
    FloatBuffer pattern = floats(piece.states().get(0));
    for (int i = 0; i < piece.length(); i++) {
      boolean kept = scores[place.triplet(piece.offset() + i)] > threshold;
      if (!kept) {
        values.put(i, 0f);
      }
      if (forGood) {
        pattern.put(i, kept ? 1f : 0f);
      }
    }
  }

  private void keepPattern(Piece piece) {
    Place place = places.get(piece.parameter());
    if (place != null && place.kind() == 'E') {
      FloatBuffer values = floats(piece.values());
      FloatBuffer pattern = floats(piece.states().get(0));
      for (int i = 0; i < piece.length(); i++) {
        if (pattern.get(i) == 0) {
          values.put(i, 0f);
        }
      }
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
