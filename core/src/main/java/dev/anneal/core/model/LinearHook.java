package dev.anneal.core.model;

import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

  /**
   * The method as an effective weight and a branch, for the hand-written backward: the TorchScript
   * methods that {@code layers-written.torchscript} lists at its top. They read the module's own
   * weight by {@code base_weight(w, site)}, which may lie in 16 bits, or by {@code base_copy(w,
   * site)} where they change it. Empty where a method cannot be written so; autograd over {@link
   * #forwardSource} serves it then.
   */
  default Optional<String> effectiveSource() {
    return Optional.empty();
  }

  /** Whether the hand-written backward serves it. */
  default boolean written() {
    return effectiveSource().isPresent();
  }

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
      public Optional<String> effectiveSource() {
        return Optional.of(
            """
              def effective_weight(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> Tensor:
                return self.base_weight(w, site)

              def effective_gradients(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> None:
                return None

              def branch(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
                return y

              def branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, dx: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
                return dx
            """);
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
