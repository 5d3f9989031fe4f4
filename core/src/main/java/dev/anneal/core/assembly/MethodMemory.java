package dev.anneal.core.assembly;

import dev.anneal.core.model.VirtualTokens;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterMethod;
import java.util.List;
import java.util.stream.Stream;

/** What a method holds besides what it trains, in bytes. Pure arithmetic. */
public final class MethodMemory {
  /** The vectors, and their gradient. */
  private static final long ROW_COPIES = 2;

  /** The vectors, each layer's part and its sum of gradients; at the end all of these as one. */
  private static final long PREFIX_COPIES = 5;

  private MethodMemory() {}

  /** Tensors that stay: those of modules, and those that modules share. */
  public static long buffers(AdapterMethod method, DecoderLayout layout) {
    Stream<List<ParameterSpec>> ofSites = layout.sites().stream().map(method::buffers);
    return Float.BYTES
        * Stream.concat(Stream.of(method.sharedBuffers(layout)), ofSites)
            .flatMap(List::stream)
            .mapToLong(ParameterSpec::elementCount)
            .sum();
  }

  /** Virtual tokens in one micro-batch, for each thread that computes a part of it. */
  public static long vectors(AdapterMethod method, DecoderConfig config) {
    return method.virtualTokens(config).map(tokens -> vectors(tokens, config)).orElse(0L);
  }

  private static long vectors(VirtualTokens tokens, DecoderConfig config) {
    long values =
        switch (tokens.place()) {
          case INPUT -> ROW_COPIES * config.hiddenSize();
          case ATTENTION -> PREFIX_COPIES * 2 * config.layers() * config.keyValueWidth();
        };
    return Float.BYTES * values * tokens.count();
  }
}
