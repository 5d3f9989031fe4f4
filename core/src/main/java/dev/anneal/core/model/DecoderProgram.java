package dev.anneal.core.model;

import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.Precision;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The TorchScript program of a decoder: the text of the layer with the model's constants. */
final class DecoderProgram {
  private DecoderProgram() {}

  static Program compile(TensorRuntime runtime, ModelParts.Computation computation) {
    return Program.compile(runtime, parts(computation));
  }

  /** All that a program of a decoder is put together from. */
  static List<String> parts(ModelParts.Computation computation) {
    LinearHook hook = computation.hook();
    List<String> parts = new ArrayList<>();
    parts.add(computation.products().source());
    parts.add(text(computation, "random.torchscript"));
    parts.add(hook.forwardSource());
    parts.add(hook.inputSource());
    parts.add(hook.endsSource());
    parts.add(hook.blockSource());
    hook.effectiveSource().ifPresent(parts::add);
    parts.add(text(computation, "decoder.torchscript"));
    computation.attention().resources().forEach(name -> parts.add(text(computation, name)));
    parts.add(text(computation, "four-bit.torchscript"));
    parts.add(text(computation, "generation.torchscript"));
    hook.virtualTokens(computation.config())
        .ifPresent(
            tokens -> {
              parts.add(tokens.source());
              parts.add(text(computation, "virtual-tokens.torchscript"));
            });
    String layers = hook.written() ? "written" : "autograd";
    parts.add(text(computation, "layers-" + layers + ".torchscript"));
    return parts;
  }

  /** The methods of a decoder; they call {@code adapt} and the methods that multiply. */
  private static String text(ModelParts.Computation computation, String resource) {
    DecoderConfig config = computation.config();
    Precision precision = computation.precision();
    Map<String, String> constants =
        Map.of(
            "hidden", Integer.toString(precision.hidden().scalarType()),
            "product", Integer.toString(precision.product().scalarType()),
            "rms_norm_eps", Double.toString(config.rmsNormEps()),
            "heads", Integer.toString(config.attentionHeads()),
            "kv_heads", Integer.toString(config.keyValueHeads()),
            "head_dim", Integer.toString(config.headDim()),
            "attention_scale", Double.toString(1 / Math.sqrt(config.headDim())));
    String text = Program.source(DecoderProgram.class, resource);
    for (Map.Entry<String, String> constant : constants.entrySet()) {
      text = text.replace("${" + constant.getKey() + "}", constant.getValue());
    }
    return text;
  }
}
