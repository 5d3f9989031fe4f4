package dev.anneal.data.tokenize;

/**
 * Which code turns text into ids, for logs, reports and the manifest. Both kinds give the same ids.
 *
 * @param kind what runs
 * @param reason why the Java encoder does not run; empty when it does
 */
public record TokenizerEngine(Kind kind, String reason) {

  /** The code that runs. */
  public enum Kind {
    /** Byte-level BPE in Java: Qwen, Llama 3, GPT-2. */
    BYTE_LEVEL_BPE,
    /** SentencePiece-style BPE in Java: Llama 2, Mistral. */
    SENTENCEPIECE_BPE,
    /** The Hugging Face tokenizers library. */
    NATIVE
  }

  public TokenizerEngine {
    if ((kind == Kind.NATIVE) == reason.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid reason: '"
              + reason
              + "' (must be given for the native library, and only there)");
    }
  }
}
