package dev.anneal.core.model;

import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The weights that generation reads for every token, laid out as the processor reads them fastest.
 * Borrows the model's tensors, owns the copies. One thread.
 */
final class DecodeWeights implements AutoCloseable {
  private static final int FLOAT32 = 0;

  /** Sites that read the same input, under the name of the matrix that stands for them. */
  private static final Map<String, List<String>> TOGETHER =
      Map.of(
          "self_attn.qkv_proj",
          List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
          "mlp.gate_up_proj",
          List.of("mlp.gate_proj", "mlp.up_proj"));

  private static final List<String> ALONE = List.of("self_attn.o_proj", "mlp.down_proj");

  private static final String HEAD = "lm_head.weight";

  /** What the program calls the site that it folds. */
  private static final String FOLDED = "site";

  private final TensorRuntime runtime;
  private final Program program;
  private final DecodeLayout layout;
  private final int sequences;
  private final TensorScope scope = new TensorScope();
  private final List<Map<String, Tensor>> layers = new ArrayList<>();
  private final Map<String, Tensor> head;
  private long copiedBytes;

  private DecodeWeights(
      TensorRuntime runtime,
      ModelParts parts,
      DecodeLayout layout,
      int sequences,
      Optional<DecodeWeights> shared) {
    this.runtime = runtime;
    this.program = parts.program();
    this.layout = layout;
    this.sequences = sequences;
    for (int i = 0; i < parts.layers().size(); i++) {
      Map<String, Tensor> tensors = parts.layers().get(i).tensors();
      if (parts.hook().foldedForGeneration()) {
        tensors = folded(tensors, parts.adaptedSites(i));
      }
      if (shared.isPresent()) {
        layers.add(shared(tensors, shared.get().layers.get(i)));
      } else {
        layers.add(layout == DecodeLayout.ROWS ? tensors : copied(tensors));
      }
    }
    head = new LinkedHashMap<>(parts.head().tensors());
    if (shared.isPresent()) {
      head.put(HEAD, shared.get().head.get(HEAD));
    } else if (layout != DecodeLayout.ROWS) {
      head.put(HEAD, matrix(List.of(head.get(HEAD))));
    }
  }

  /**
   * @param sequences that usually grow side by side
   */
  static DecodeWeights of(
      TensorRuntime runtime, ModelParts parts, int sequences, Optional<DecodeWeights> shared) {
    DecodeLayout layout = layout(parts);
    return runtime.withoutGradients(
        () -> new DecodeWeights(runtime, parts, layout, sequences, shared));
  }

  private static DecodeLayout layout(ModelParts parts) {
    boolean asTheyAre = parts.baseTrained() || parts.adaptsInputs();
    return asTheyAre ? DecodeLayout.ROWS : parts.products().decodeLayout();
  }

  /** Whether the copies of a base with the same frozen weights serve a model over it too. */
  static boolean shareable(ModelParts parts, ModelParts base) {
    return layout(parts) != DecodeLayout.ROWS
        && layout(parts) == layout(base)
        && parts.vocabularySize() == base.vocabularySize()
        && !parts.hook().foldedForGeneration();
  }

  /** Whether they are laid out for so many sequences. */
  boolean serves(int usualBatch) {
    return sequences == usualBatch;
  }

  /** The layer with the base's copies in place of its own weights. */
  private static Map<String, Tensor> shared(Map<String, Tensor> layer, Map<String, Tensor> base) {
    Map<String, Tensor> tensors = new LinkedHashMap<>(layer);
    TOGETHER.forEach(
        (whole, sites) -> {
          sites.forEach(site -> removeWeight(tensors, site));
          tensors.put(whole + ".weight", base.get(whole + ".weight"));
          if (base.containsKey(whole + ".bias")) {
            sites.forEach(site -> tensors.remove(site + ".bias"));
            tensors.put(whole + ".bias", base.get(whole + ".bias"));
          }
        });
    for (String site : ALONE) {
      removeWeight(tensors, site);
      tensors.put(site + ".weight", base.get(site + ".weight"));
    }
    return tensors;
  }

  private static void removeWeight(Map<String, Tensor> layer, String site) {
    layer
        .keySet()
        .removeIf(name -> name.equals(site + ".weight") || name.startsWith(site + ".weight."));
  }

  /**
   * The layer as if the method were merged: its tensors are gone, and weights are copies with it.
   */
  private Map<String, Tensor> folded(Map<String, Tensor> layer, List<String> sites) {
    Map<String, Tensor> tensors = new LinkedHashMap<>(layer);
    for (String site : sites) {
      Map<String, Tensor> own = new LinkedHashMap<>();
      String prefix = site + ".";
      layer.forEach(
          (name, tensor) -> {
            if (name.startsWith(prefix)) {
              own.put(FOLDED + name.substring(site.length()), tensor);
              tensors.remove(name);
            } else if (SharedScratch.has(name)) {
              own.put(name, tensor);
            }
          });
      tensors.put(prefix + "weight", scope.own(program.call("fold").dict(own).one()));
      if (own.containsKey(FOLDED + ".bias")) {
        tensors.put(prefix + "bias", own.get(FOLDED + ".bias"));
      }
    }
    return tensors;
  }

  private Map<String, Tensor> copied(Map<String, Tensor> layer) {
    Map<String, Tensor> tensors = new LinkedHashMap<>(layer);
    TOGETHER.forEach(
        (whole, sites) -> {
          tensors.put(whole + ".weight", weights(tensors, sites));
          if (layer.containsKey(sites.get(0) + ".bias")) {
            List<Tensor> biases =
                sites.stream().map(site -> tensors.remove(site + ".bias")).toList();
            tensors.put(whole + ".bias", laidOut(biases, FLOAT32));
          }
        });
    ALONE.forEach(site -> tensors.put(site + ".weight", weights(tensors, List.of(site))));
    return tensors;
  }

  /** The sites' weights one under the other; theirs are taken out of the layer. */
  private Tensor weights(Map<String, Tensor> layer, List<String> sites) {
    try (TensorScope widened = new TensorScope()) {
      return matrix(sites.stream().map(site -> taken(layer, site + ".weight", widened)).toList());
    }
  }

  /** Those in 4 bits as the program widens them, owned by the scope. */
  private Tensor taken(Map<String, Tensor> layer, String name, TensorScope widened) {
    Tensor weight = layer.remove(name);
    List<String> parts = layer.keySet().stream().filter(key -> key.startsWith(name + ".")).toList();
    if (parts.isEmpty()) {
      return weight;
    }
    Map<String, Tensor> alone = new LinkedHashMap<>(SharedScratch.of(layer));
    alone.put("weight", weight);
    parts.forEach(part -> alone.put("weight" + part.substring(name.length()), layer.remove(part)));
    return widened.own(program.call("dequantized").dict(alone).one());
  }

  /** Parts one under the other. */
  private Tensor matrix(List<Tensor> parts) {
    return laidOut(parts, sequences);
  }

  private Tensor laidOut(List<Tensor> parts, int how) {
    copiedBytes += Float.BYTES * parts.stream().mapToLong(Tensor::elementCount).sum();
    try (Tensor code = runtime.hostLongs(how)) {
      return scope.own(program.call("laid_out").list(parts).tensor(code).one());
    }
  }

  /** Each layer's tensors by their name inside the layer; borrowed. */
  List<Map<String, Tensor>> layers() {
    return layers;
  }

  /** The head's tensors as programs know them, the output matrix laid out; borrowed. */
  Map<String, Tensor> head() {
    return head;
  }

  /** Memory of what is kept once more. */
  long copiedBytes() {
    return copiedBytes;
  }

  @Override
  public void close() {
    scope.close();
  }
}
