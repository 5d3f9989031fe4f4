package dev.anneal.core.model;

import java.util.List;
import java.util.Map;

/**
 * What a method adds to the linear modules of a decoder. The model compiles without knowing which
 * methods exist.
 */
public interface LinearHook {
  /**
   * The TorchScript method {@code adapt(self, x, y, w, c, site)}: from the module's input {@code x}
   * and its output {@code y} the adapted output; {@code w} holds the layer's tensors.
   */
  String forwardSource();

  /** The tensors this hook trains at a site; empty where it does not attach. */
  List<ParameterSpec> parameters(LinearSite site);

  /** Scalars that {@link #forwardSource} reads from {@code w}, by their name in the layer. */
  Map<String, Double> constants(LinearSite site);

  /** Whether the source reads {@code c["random_keys"]}, one int64 a token. */
  boolean random();

  /** No adapter: the output as it is. */
  static LinearHook none() {
    return new LinearHook() {
      @Override
      public String forwardSource() {
        return """
              def adapt(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
                return y
            """;
      }

      @Override
      public List<ParameterSpec> parameters(LinearSite site) {
        return List.of();
      }

      @Override
      public Map<String, Double> constants(LinearSite site) {
        return Map.of();
      }

      @Override
      public boolean random() {
        return false;
      }
    };
  }
}
