package dev.anneal.core.export;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorInfo;
import dev.anneal.core.model.weights.SafetensorsWeights;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.Lora;
import dev.anneal.core.peft.modules.Bias;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * The tensors of a LoRA adapter by what they are, read without its base. Owns the opened file; one
 * thread.
 */
final class LoraFolder implements AutoCloseable {
  private static final Map<String, String> PARTNERS =
      Map.of(".lora_A.weight", ".lora_B.weight", ".lora_embedding_A", ".lora_embedding_B");

  private final AdapterFolder folder;
  private final Lora method;
  private final SafetensorsWeights weights;
  private final Map<String, Pair> pairs = new TreeMap<>();
  private final Map<String, Shape> whole = new TreeMap<>();

  /**
   * The two matrices of a module.
   *
   * @param a name of [rank, in]
   * @param b name of [out, rank]
   */
  record Pair(String a, String b, long rank, long in, long out) {
    boolean fits(Pair other) {
      return a.equals(other.a) && in == other.in && out == other.out;
    }

    String sizes() {
      return in + " to " + out;
    }
  }

  private LoraFolder(TensorRuntime runtime, AdapterFolder folder, SafetensorsReader reader) {
    this.folder = folder;
    this.method = (Lora) folder.config().method();
    this.weights = new SafetensorsWeights(runtime, reader);
    try {
      reader.tensors().values().forEach(tensor -> sort(tensor, reader.tensors()));
      if (pairs.isEmpty()) {
        throw refused("it holds no LoRA matrices");
      }
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /**
   * @throws ConfigException for another method, for DoRA, and for tensors that do not agree
   */
  static LoraFolder open(TensorRuntime runtime, AdapterFolder folder) {
    if (!(folder.config().method() instanceof Lora method)) {
      throw refused(folder, "its peft_type is " + folder.config().peftType() + " (must be LORA)");
    }
    if (method.settings().useDora()) {
      throw refused(
          folder,
          "it uses DoRA (use_dora must be false: magnitudes are lengths of rows, which have no"
              + " weighted sum; merge it into a model instead)");
    }
    try {
      return new LoraFolder(runtime, folder, folder.openWeights());
    } catch (IOException e) {
      throw new ConfigException(e.getMessage(), e);
    }
  }

  private void sort(TensorInfo tensor, Map<String, TensorInfo> all) {
    String name = tensor.name();
    for (Map.Entry<String, String> partner : PARTNERS.entrySet()) {
      if (name.endsWith(partner.getKey())) {
        String stem = name.substring(0, name.length() - partner.getKey().length());
        put(tensor, all.get(stem + partner.getValue()), module(stem));
        return;
      }
      if (name.endsWith(partner.getValue())) {
        String stem = name.substring(0, name.length() - partner.getValue().length());
        if (!all.containsKey(stem + partner.getKey())) {
          throw refused(name + " stands without " + partner.getKey().substring(1));
        }
        return;
      }
    }
    if (!trainedWhole(module(name))) {
      throw refused(name + " is neither a LoRA matrix nor part of a module that is trained whole");
    }
    whole.put(name, tensor.shape());
  }

  private boolean trainedWhole(String weight) {
    String owner = weight.substring(0, Math.max(0, weight.lastIndexOf('.')));
    boolean bias = weight.endsWith(".bias") && method.modules().bias() != Bias.NONE;
    return bias || method.modules().saved().matches(owner);
  }

  private void put(TensorInfo a, TensorInfo b, String module) {
    if (b == null) {
      throw refused(a.name() + " stands without its B");
    }
    boolean matrices =
        a.shape().dimensions().size() == 2
            && b.shape().dimensions().size() == 2
            && a.shape().toArray()[0] == b.shape().toArray()[1];
    if (!matrices || a.shape().toArray()[0] != method.settings().rank(module)) {
      throw refused(
          String.format(
              "%s %s and %s %s are not those of rank %d",
              a.name(), a.shape(), b.name(), b.shape(), method.settings().rank(module)));
    }
    long[] down = a.shape().toArray();
    pairs.put(module, new Pair(a.name(), b.name(), down[0], down[1], b.shape().toArray()[0]));
  }

  private static String module(String stem) {
    return stem.startsWith(AdapterMethod.PEFT_PREFIX)
        ? stem.substring(AdapterMethod.PEFT_PREFIX.length())
        : stem;
  }

  private ConfigException refused(String reason) {
    return refused(folder, reason);
  }

  static ConfigException refused(AdapterFolder folder, String reason) {
    return new ConfigException(
        "Cannot combine adapter " + folder.path() + ": " + reason + " (export.adapters)");
  }

  /** By the paths of their modules. */
  Map<String, Pair> pairs() {
    return pairs;
  }

  /** Tensors of modules and biases that are trained as they are, by their names in the file. */
  Map<String, Shape> whole() {
    return whole;
  }

  AdapterFolder folder() {
    return folder;
  }

  Lora method() {
    return method;
  }

  /** In fp32; the caller owns it. */
  Tensor open(String name, long... shape) {
    return weights.open(name, shape);
  }

  @Override
  public void close() {
    weights.close();
  }
}
