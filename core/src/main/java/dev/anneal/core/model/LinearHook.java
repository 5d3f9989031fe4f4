package dev.anneal.core.model;

import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a method adds to the linear modules of a decoder, and before its samples. The model compiles
 * without knowing which methods exist. What is not overridden leaves every module as it is.
 */
public interface LinearHook {
  /** {@link #forwardSource} of a method that leaves outputs as they are. */
  String SAME_OUTPUT =
      """
  def adapt(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    return y
""";

  /** {@link #endsSource} of a method that leaves embedding and output matrix as they are. */
  String SAME_ENDS =
      """
  def embedding_branch(self: __torch__.Program, ids: Tensor, y: Tensor, w: Dict[str, Tensor]) -> Tensor:
    return y

  def embedding_branch_backward(self: __torch__.Program, ids: Tensor, dy: Tensor, w: Dict[str, Tensor], g: Dict[str, Tensor]) -> Tensor:
    return dy

  def head_branch(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor]) -> Tensor:
    return y

  def head_branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, dx: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], g: Dict[str, Tensor]) -> Tensor:
    return dx
""";

  /** {@link #effectiveSource} of a method that leaves weights as they are. */
  String SAME_WEIGHT =
      """
  def effective_weight(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> Tensor:
    return self.base_weight(w, site)

  def effective_gradients(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> None:
    return None
""";

  /** The part of {@link #effectiveSource} of a method without a branch. */
  String NO_BRANCH =
      """
  def branch(self: __torch__.Program, x: Tensor, y: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str) -> Tensor:
    return y

  def branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, dx: Tensor, w: Dict[str, Tensor], c: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
    return dx
""";

  /** {@link #blockSource} of a method that leaves blocks as they are. */
  String SAME_BLOCK =
      """
  def adapts_block(self: __torch__.Program, w: Dict[str, Tensor], block: str) -> bool:
    return False

  def beside_block(self: __torch__.Program, w: Dict[str, Tensor], block: str) -> bool:
    return False

  def block_branch(self: __torch__.Program, x: Tensor, w: Dict[str, Tensor], block: str) -> Tensor:
    return x

  def block_branch_backward(self: __torch__.Program, x: Tensor, dy: Tensor, w: Dict[str, Tensor], block: str, g: Dict[str, Tensor]) -> Tensor:
    return dy
""";

  /** {@link #inputSource} of a method that leaves inputs as they are. */
  String SAME_INPUT =
      """
  def adapts_input(self: __torch__.Program, w: Dict[str, Tensor], site: str) -> bool:
    return False

  def adapted_input(self: __torch__.Program, x: Tensor, w: Dict[str, Tensor], site: str) -> Tensor:
    return x

  def input_backward(self: __torch__.Program, x: Tensor, dx: Tensor, w: Dict[str, Tensor], site: str, g: Dict[str, Tensor]) -> Tensor:
    return dx
""";

  /**
   * The TorchScript method {@code adapt(self, x, y, w, c, site)}: from the module's input {@code x}
   * and its output {@code y} the adapted output; {@code w} holds the layer's tensors.
   */
  default String forwardSource() {
    return SAME_OUTPUT;
  }

  /**
   * What a method does to a module's input: {@code adapts_input(w, site)}, whether it does so
   * there; {@code adapted_input(x, w, site)}, which the product, {@code adapt} and all of {@link
   * #effectiveSource} read in place of x; {@code input_backward(x, dx, w, site, g)}, which gets the
   * gradient dx of that, gives the one of x, and adds what the method's tensors get.
   */
  default String inputSource() {
    return SAME_INPUT;
  }

  /**
   * The method as an effective weight and a branch, for the hand-written backward: the TorchScript
   * methods that {@code layers-written.torchscript} lists at its top. They read the module's own
   * weight by {@code base_weight(w, site)}, which may lie in 16 bits, or by {@code base_copy(w,
   * site)} where they change it. Empty where a method cannot be written so; autograd over {@link
   * #forwardSource} serves it then.
   */
  default Optional<String> effectiveSource() {
    return Optional.of(SAME_WEIGHT + NO_BRANCH);
  }

  /**
   * What a method adds to the embedding's rows and to the logits, a chunk of rows at a time, and
   * the gradients of it, outside any graph: the methods of {@link #SAME_ENDS}, which {@code
   * decoder.torchscript} describes.
   */
  default String endsSource() {
    return SAME_ENDS;
  }

  /** Where {@link #endsSource} may attach: of the layout's {@link DecoderLayout#ends}. */
  default List<LinearSite> ends(DecoderLayout layout) {
    return List.of();
  }

  /**
   * What a method adds to the output of a layer's blocks, {@code self_attn} and {@code mlp}, before
   * the residual: {@code adapts_block(w, block)}, whether it does so there; {@code beside_block(w,
   * block)}, whether it reads what the feed-forward reads, the normed hidden states, in place of
   * the block's own output; {@code block_branch(x, w, block)}, what is added, a new tensor; {@code
   * block_branch_backward(x, dy, w, block, g)}, which gives the gradient of x through the branch, a
   * new tensor, and adds those of the method's tensors.
   */
  default String blockSource() {
    return SAME_BLOCK;
  }

  /** The tensors this hook trains at the blocks of a layer. */
  default List<ParameterSpec> blockParameters(DecoderLayout layout, int layer) {
    return List.of();
  }

  /** How many matrices of a module's size its gradients are made of at once. */
  default int matricesAtWork() {
    return 0;
  }

  /** How many outputs of a layer's blocks the written backward needs. */
  default int blockOutputsKept() {
    return 0;
  }

  /** Whether the hand-written backward serves it. */
  default boolean written() {
    return effectiveSource().isPresent();
  }

  /**
   * Whether the hand-written backward serves it where products are of 16 bits, into which no update
   * may be folded.
   */
  default boolean writtenForHalf() {
    return effectiveSource().equals(Optional.of(SAME_WEIGHT + NO_BRANCH));
  }

  /** The tensors this hook trains at a site; empty where it does not attach. */
  default List<ParameterSpec> parameters(LinearSite site) {
    return List.of();
  }

  /**
   * Tensors beside the trained ones, which nobody trains, at a site. Programs find them as they
   * find the trained ones.
   */
  default List<ParameterSpec> buffers(LinearSite site) {
    return List.of();
  }

  /**
   * Tensors that all sites share and nobody trains; they are saved with the adapter. Programs find
   * them in every layer by their names, which have no dot.
   */
  default List<ParameterSpec> sharedBuffers(DecoderLayout layout) {
    return List.of();
  }

  /**
   * Whether generation should read weights with the method folded in, a copy of each, since its
   * forward reads the whole weight. {@link #effectiveSource} then has {@code fold(w)}, which gives
   * that of the site called {@code site} as a tensor of its own.
   */
  default boolean foldedForGeneration() {
    return false;
  }

  /** Scalars that {@link #forwardSource} reads from {@code w}, by their name in the layer. */
  default Map<String, Double> constants(LinearSite site) {
    return Map.of();
  }

  /** Whole numbers that {@link #endsSource} reads from {@code w}, by their name there. */
  default Map<String, long[]> indices(LinearSite site) {
    return Map.of();
  }

  /** Whether the source reads {@code c["random_keys"]}, one int64 a token. */
  default boolean random() {
    return false;
  }

  /** Whether {@link #inputSource} changes inputs anywhere: modules then share no product. */
  default boolean adaptsInputs() {
    return !inputSource().equals(SAME_INPUT);
  }

  /** What stands before every sample; most methods have nothing there. */
  default Optional<VirtualTokens> virtualTokens(DecoderConfig model) {
    return Optional.empty();
  }

  /** No adapter: the output as it is. */
  static LinearHook none() {
    return new LinearHook() {};
  }
}
