package dev.anneal.core.train;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Native bytes of a rank at the widest moment of a step, by kind; the Java heap is not counted.
 *
 * @param frozen base weights that are not trained, and what is copied of them
 * @param trained values of the trained parameters
 * @param buffers what a method keeps beside the trained values, and the vectors of virtual tokens
 * @param gradients their sums
 * @param moments the optimizer's state of this rank
 * @param scratch one weight at a time, effective or widened
 * @param activations what the layers keep for their backwards
 * @param working inside the widest call: the head's logits, or a layer's backward
 * @param slack what the allocator holds beside the living tensors of a micro-batch
 * @param runtime libtorch and the Java machine, without the heap
 */
public record MemoryEstimate(
    long frozen,
    long trained,
    long buffers,
    long gradients,
    long moments,
    long scratch,
    long activations,
    long working,
    long slack,
    long runtime) {

  public long total() {
    return byKind().values().stream().mapToLong(Long::longValue).sum();
  }

  /** For people, in the order of the components. */
  public Map<String, Long> byKind() {
    Map<String, Long> kinds = new LinkedHashMap<>();
    kinds.put("frozen weights", frozen);
    kinds.put("trained values", trained);
    kinds.put("method's buffers", buffers);
    kinds.put("gradients", gradients);
    kinds.put("optimizer", moments);
    kinds.put("scratch", scratch);
    kinds.put("activations", activations);
    kinds.put("working", working);
    kinds.put("allocator", slack);
    kinds.put("runtime", runtime);
    return kinds;
  }
}
