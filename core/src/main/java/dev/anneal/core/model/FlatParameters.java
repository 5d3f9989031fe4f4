package dev.anneal.core.model;

import dev.anneal.core.model.gradients.GradientBuffers;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.script.TensorProgram;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import dev.anneal.core.tensor.TensorScope;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * The trained parameters of a rank in one flat fp32 buffer, and their gradients at the same places
 * of {@link GradientBuffers}, so that optimizer and collectives work on runs of memory and the
 * model on named views of them. Owns all its native memory; one thread.
 */
public final class FlatParameters implements AutoCloseable {
  private final TensorScope scope = new TensorScope();
  private final TensorProgram tensors;
  private final ToLongFunction<String> offsets;
  private final Tensor values;
  private final GradientBuffers gradients;
  private final Map<String, ParameterSpec> specs = new LinkedHashMap<>();
  private final Map<String, Tensor> views = new LinkedHashMap<>();
  private final Map<String, Tensor> leaves = new LinkedHashMap<>();
  private final Map<String, Tensor> gradientViews = new LinkedHashMap<>();

  /**
   * @param offsets where each parameter begins in the flat buffers, by name
   * @param length elements of each buffer, padding included
   */
  public FlatParameters(
      TensorRuntime runtime,
      TensorProgram tensors,
      List<ParameterSpec> parameters,
      ToLongFunction<String> offsets,
      long length) {
    this(
        tensors,
        parameters,
        offsets,
        runtime.zeros(length),
        GradientBuffers.whole(runtime, tensors, length));
  }

  /**
   * With gradients whose memory comes and goes.
   *
   * @param buckets of the flat buffers, one after another to their end
   */
  public FlatParameters(
      TensorRuntime runtime,
      TensorProgram tensors,
      List<ParameterSpec> parameters,
      ToLongFunction<String> offsets,
      List<GradientBuffers.Bucket> buckets) {
    this(
        tensors,
        parameters,
        offsets,
        runtime.zeros(buckets.stream().mapToLong(GradientBuffers.Bucket::length).sum()),
        GradientBuffers.byBucket(runtime, tensors, buckets));
  }

  private FlatParameters(
      TensorProgram tensors,
      List<ParameterSpec> parameters,
      ToLongFunction<String> offsets,
      Tensor values,
      GradientBuffers gradients) {
    this.tensors = tensors;
    this.offsets = offsets;
    this.values = scope.own(values);
    this.gradients = scope.own(gradients);
    for (ParameterSpec spec : parameters) {
      long offset = offsets.applyAsLong(spec.name());
      long[] shape = spec.shape().toArray();
      Tensor view = scope.own(tensors.view(values, offset, shape));
      specs.put(spec.name(), spec);
      views.put(spec.name(), view);
      leaves.put(spec.name(), scope.own(tensors.leaf(view)));
      gradientViews.put(spec.name(), gradients.handle(offset, shape));
    }
  }

  /**
   * The same values with gradients of their own, for another thread's runtime and program; these
   * must outlive it.
   */
  public FlatParameters replica(TensorRuntime runtime, TensorProgram program) {
    return new FlatParameters(
        program,
        specs(),
        offsets,
        program.alias(values),
        GradientBuffers.whole(runtime, program, values.elementCount()));
  }

  /** The flat buffer of values; borrowed. */
  public Tensor values() {
    return values;
  }

  /** The flat buffer of gradients, where there is one; borrowed. */
  public Tensor gradients() {
    return gradients.flat();
  }

  /** The memory of the gradients; borrowed. */
  public GradientBuffers gradientBuffers() {
    return gradients;
  }

  public boolean contains(String name) {
    return views.containsKey(name);
  }

  /** Specs in the order of the flat buffer. */
  public List<ParameterSpec> specs() {
    return List.copyOf(specs.values());
  }

  /** The parameter's values, without gradient tracking; borrowed. */
  public Tensor value(String name) {
    return require(views, name);
  }

  /** The parameter as a leaf of autograd graphs; borrowed. */
  public Tensor leaf(String name) {
    return require(leaves, name);
  }

  /** Where the parameter's gradient is summed; borrowed. */
  public Tensor gradient(String name) {
    return require(gradientViews, name);
  }

  /** The parameters whose {@link #gradient} these are, in their order. */
  public List<String> namesOf(Collection<Tensor> gradients) {
    Map<Tensor, String> names = new IdentityHashMap<>();
    gradientViews.forEach((name, view) -> names.put(view, name));
    return gradients.stream().map(names::get).toList();
  }

  public void zeroGradients() {
    gradients.clear();
  }

  private static Tensor require(Map<String, Tensor> map, String name) {
    Tensor tensor = map.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("Cannot find trained parameter: " + name);
    }
    return tensor;
  }

  @Override
  public void close() {
    scope.close();
  }
}
