package dev.anneal.core.model;

import dev.anneal.core.model.config.AttentionKernel;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a decoder computes, and how: its TorchScript program, put together from texts with the
 * model's constants. Immutable.
 *
 * @param precision the types it computes in
 * @param products whose kernels multiply
 * @param hook what attaches to the linear modules
 */
public record Computation(
    DecoderConfig config,
    Precision precision,
    MatrixProducts products,
    AttentionKernel attention,
    LinearHook hook) {

  /** All in fp32. */
  public Computation(DecoderConfig config, MatrixProducts products, LinearHook hook) {
    this(config, Precision.FULL, products, AttentionKernel.BLOCKS, hook);
  }

  /** As it is fastest on this host's processor. */
  public static Computation onThisHost(DecoderConfig config, Precision precision, LinearHook hook) {
    return new Computation(
        config,
        precision,
        MatrixProducts.ofThisHost(precision),
        AttentionKernel.onCpu(precision),
        hook);
  }

  /** The caller owns the program. */
  Program compile(TensorRuntime runtime) {
    return Program.compile(runtime, texts());
  }

  /** All that the program is put together from. */
  List<String> texts() {
    List<String> texts = new ArrayList<>();
    texts.add(products.source());
    texts.add(text("random.torchscript"));
    texts.add(hook.forwardSource());
    texts.add(hook.inputSource());
    texts.add(hook.endsSource());
    texts.add(hook.blockSource());
    hook.effectiveSource().ifPresent(texts::add);
    texts.add(text("decoder.torchscript"));
    attention.resources().forEach(name -> texts.add(text(name)));
    texts.add(text("four-bit.torchscript"));
    texts.add(text("generation.torchscript"));
    hook.virtualTokens(config)
        .ifPresent(
            tokens -> {
              texts.add(tokens.source());
              texts.add(text("virtual-tokens.torchscript"));
            });
    String layers = hook.written() ? "written" : "autograd";
    texts.add(text("layers-" + layers + ".torchscript"));
    return texts;
  }

  /** The methods of a decoder; they call {@code adapt} and the methods that multiply. */
  private String text(String resource) {
    Map<String, String> constants =
        Map.of(
            "hidden", Integer.toString(precision.hidden().scalarType()),
            "product", Integer.toString(precision.product().scalarType()),
            "rms_norm_eps", Double.toString(config.rmsNormEps()),
            "heads", Integer.toString(config.attentionHeads()),
            "kv_heads", Integer.toString(config.keyValueHeads()),
            "head_dim", Integer.toString(config.headDim()),
            "attention_scale", Double.toString(1 / Math.sqrt(config.headDim())));
    String text = Program.source(Computation.class, resource);
    for (Map.Entry<String, String> constant : constants.entrySet()) {
      text = text.replace("${" + constant.getKey() + "}", constant.getValue());
    }
    return text;
  }
}
