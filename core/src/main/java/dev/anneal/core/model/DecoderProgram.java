package dev.anneal.core.model;

import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.script.Program;
import dev.anneal.core.tensor.TensorRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The TorchScript program of a decoder: the text of the layer with the model's constants. */
final class DecoderProgram {
  private DecoderProgram() {}

  static Program compile(
      TensorRuntime runtime, DecoderConfig config, LinearHook hook, MatrixProducts products) {
    return Program.compile(runtime, parts(config, hook, products));
  }

  /** All that a program of a decoder is put together from. */
  static List<String> parts(DecoderConfig config, LinearHook hook, MatrixProducts products) {
    List<String> parts = new ArrayList<>();
    parts.add(products.source());
    parts.add(text(config, "random.torchscript"));
    parts.add(hook.forwardSource());
    parts.add(hook.inputSource());
    parts.add(hook.endsSource());
    parts.add(hook.blockSource());
    hook.effectiveSource().ifPresent(parts::add);
    parts.add(text(config, "decoder.torchscript"));
    parts.add(text(config, "four-bit.torchscript"));
    parts.add(text(config, "generation.torchscript"));
    hook.virtualTokens(config)
        .ifPresent(
            tokens -> {
              parts.add(tokens.source());
              parts.add(text(config, "virtual-tokens.torchscript"));
            });
    String layers = hook.written() ? "written" : "autograd";
    parts.add(text(config, "layers-" + layers + ".torchscript"));
    return parts;
  }

  /** The methods of a decoder; they call {@code adapt} and the methods that multiply. */
  private static String text(DecoderConfig config, String resource) {
    Map<String, String> constants =
        Map.of(
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
