package dev.anneal.core.config;

import java.io.Serializable;
import java.util.Set;

/**
 * The base model. Immutable.
 *
 * @param path Hugging Face model folder; empty when the job needs none
 * @param fromScratch random seeded weights from its config.json instead of its weight files
 * @param doubleQuantisation whether the scales of weights in 4 bits are quantised too
 * @param resizeTokenEmbeddings rows that embeddings and output matrix get, for new tokens; 0 leaves
 *     them as they are
 */
public record ModelConfig(
    String path,
    boolean fromScratch,
    Dtype dtype,
    AttnImplementation attnImplementation,
    LayerBackward layerBackward,
    FrozenStorage frozenStorage,
    boolean doubleQuantisation,
    int resizeTokenEmbeddings)
    implements Serializable {

  /** Type of the arithmetic; AUTO is fp32 on a CPU and bf16 on a GPU. */
  public enum Dtype implements OtherNames {
    AUTO,
    FLOAT32("fp32"),
    BFLOAT16("bf16"),
    FLOAT16("fp16", "half");

    private final Set<String> otherNames;

    Dtype(String... otherNames) {
      this.otherNames = Set.of(otherNames);
    }

    @Override
    public Set<String> otherNames() {
      return otherNames;
    }

    /** Whether it needs a processor with arithmetic of 16 bits. */
    public boolean half() {
      return this == BFLOAT16 || this == FLOAT16;
    }
  }

  /** How attention is computed; both use scaled dot product attention today. */
  public enum AttnImplementation {
    AUTO,
    SDPA
  }

  /** How a decoder layer's gradients are computed. */
  public enum LayerBackward {
    /** Written out by hand where the method allows it, else by autograd. */
    AUTO,
    /** By autograd: the reference. */
    AUTOGRAD
  }

  /** How weights that are not trained lie in memory; the arithmetic is fp32. */
  public enum FrozenStorage {
    /** FILE where the gradients are written out, FLOAT32 where autograd computes them. */
    AUTO,
    /** All in fp32. */
    FLOAT32,
    /**
     * 16-bit matrices as the files store them, widened one at a time where they are used, to the
     * bits that they have in fp32.
     */
    FILE,
    /** Linear matrices rounded to 4 bits of the type NF4, all others as by FILE. */
    NF4,
    /** The same by the type FP4. */
    FP4;

    /** Whether linear matrices are rounded to 4 bits. */
    public boolean fourBit() {
      return this == NF4 || this == FP4;
    }

    /**
     * Whether 16-bit matrices stay as they are.
     *
     * @param gradientsWritten whether the gradients are written out
     */
    public boolean keepsFileTypes(boolean gradientsWritten) {
      return this == FILE || fourBit() || this == AUTO && gradientsWritten;
    }
  }

  public ModelConfig {
    Rule.notNegative("model.resize_token_embeddings", resizeTokenEmbeddings);
  }

  /** The folder, or the error that names the missing key. */
  public String requirePath() {
    return Rule.required("model.path", path);
  }

  /** The same settings for another folder. */
  public ModelConfig at(String folder) {
    return new ModelConfig(
        folder,
        fromScratch,
        dtype,
        attnImplementation,
        layerBackward,
        frozenStorage,
        doubleQuantisation,
        resizeTokenEmbeddings);
  }

  /** The same settings for the weights of another folder. */
  public ModelConfig pretrainedAt(String folder) {
    return new ModelConfig(
        folder,
        false,
        dtype,
        attnImplementation,
        layerBackward,
        frozenStorage,
        doubleQuantisation,
        0);
  }
}
