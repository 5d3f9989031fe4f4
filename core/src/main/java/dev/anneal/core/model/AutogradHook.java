package dev.anneal.core.model;

import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A method without its effective form, so that autograd computes its gradients. Immutable. */
public final class AutogradHook implements LinearHook {
  private final LinearHook method;

  public AutogradHook(LinearHook method) {
    this.method = method;
  }

  /**
   * What attaches to the linear modules: the method, or none, as the wanted backward lets it be
   * seen. Few backwards are written for 16 bits.
   */
  public static LinearHook over(
      Optional<? extends LinearHook> method, LayerBackward wanted, Precision precision) {
    LinearHook hook = method.isPresent() ? method.get() : LinearHook.none();
    boolean autograd =
        wanted == LayerBackward.AUTOGRAD || precision.half() && !hook.writtenForHalf();
    return autograd ? new AutogradHook(hook) : hook;
  }

  @Override
  public String forwardSource() {
    return method.forwardSource();
  }

  @Override
  public String inputSource() {
    return method.inputSource();
  }

  @Override
  public String endsSource() {
    return method.endsSource();
  }

  @Override
  public List<LinearSite> ends(DecoderLayout layout) {
    return method.ends(layout);
  }

  @Override
  public String blockSource() {
    return method.blockSource();
  }

  @Override
  public List<ParameterSpec> blockParameters(DecoderLayout layout, int layer) {
    return method.blockParameters(layout, layer);
  }

  @Override
  public Optional<String> effectiveSource() {
    return Optional.empty();
  }

  @Override
  public List<ParameterSpec> parameters(LinearSite site) {
    return method.parameters(site);
  }

  @Override
  public List<ParameterSpec> buffers(LinearSite site) {
    return method.buffers(site);
  }

  @Override
  public List<ParameterSpec> sharedBuffers(DecoderLayout layout) {
    return method.sharedBuffers(layout);
  }

  @Override
  public Map<String, Double> constants(LinearSite site) {
    return method.constants(site);
  }

  @Override
  public Map<String, long[]> indices(LinearSite site) {
    return method.indices(site);
  }

  @Override
  public boolean random() {
    return method.random();
  }

  @Override
  public Optional<VirtualTokens> virtualTokens(DecoderConfig model) {
    return method.virtualTokens(model);
  }
}
