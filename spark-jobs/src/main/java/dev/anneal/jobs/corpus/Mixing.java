package dev.anneal.jobs.corpus;

import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.MixingConfig;
import dev.anneal.data.config.TokenizeConfig;
import java.util.List;

/** How often the rows of each input are taken. Pure arithmetic. */
public record Mixing(MixingConfig config, List<Double> weights) {
  public Mixing {
    weights = List.copyOf(weights);
  }

  public static Mixing of(TokenizeConfig config) {
    return new Mixing(config.mixing(), config.inputs().stream().map(InputConfig::weight).toList());
  }

  /** The weights themselves, none above the most epochs. */
  public double[] repeated() {
    double most = config.maxEpochs() > 0 ? config.maxEpochs() : Double.MAX_VALUE;
    return weights.stream().mapToDouble(weight -> Math.min(weight, most)).toArray();
  }

  /**
   * Epochs that give each input its part of the text, as much of it as the most epochs (1 unless
   * set) allow. An input without any text is taken once, which reports it.
   *
   * @param bytes of text that each input has
   */
  public double[] proportional(long[] bytes) {
    double most = config.maxEpochs() > 0 ? config.maxEpochs() : 1;
    double total = Double.MAX_VALUE;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] > 0) {
        total = Math.min(total, most * bytes[i] / weights.get(i));
      }
    }
    double[] epochs = new double[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      epochs[i] = bytes[i] == 0 ? 1 : Math.min(most, total * weights.get(i) / bytes[i]);
    }
    return epochs;
  }
}
