package dev.anneal.data.tokenize;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code tokenizer_class} means to transformers 5: most names take {@code tokenizer.json} as
 * it is; the classes here build the tokenizer anew from its vocabulary and merges, so that added
 * tokens and {@code add_prefix_space} are what tokenizer_config.json says, with defaults of their
 * own.
 */
enum TokenizerClass {
  /** The file as it is. */
  AS_FILED(Prefix.IGNORED, Map.of()),
  GPT2(Prefix.BYTE_LEVEL, tokens("<|endoftext|>", "bos_token", "eos_token", "unk_token")),
  GPT_NEO_X(Prefix.BYTE_LEVEL, gptNeoX()),
  QWEN2(Prefix.BYTE_LEVEL, tokens("<|endoftext|>", "eos_token", "unk_token", "pad_token")),
  QWEN3_5(Prefix.BYTE_LEVEL, tokens("<|endoftext|>", "eos_token", "unk_token", "pad_token")),
  LLAMA(Prefix.METASPACE, Map.of("bos_token", "<s>", "eos_token", "</s>", "unk_token", "<unk>")),
  GEMMA(
      Prefix.IGNORED,
      Map.of(
          "bos_token", "<bos>",
          "eos_token", "<eos>",
          "unk_token", "<unk>",
          "pad_token", "<pad>",
          "mask_token", "<mask>")),
  /** Any other name: what it does with {@code add_prefix_space} is not known. */
  OTHER(Prefix.UNKNOWN, Map.of());

  /** What the class does with {@code add_prefix_space}. */
  enum Prefix {
    IGNORED,
    BYTE_LEVEL,
    METASPACE,
    UNKNOWN
  }

  private static final Map<String, TokenizerClass> NAMES =
      Map.of(
          "GPT2Tokenizer", GPT2,
          "GPTNeoXTokenizer", GPT_NEO_X,
          "Qwen2Tokenizer", QWEN2,
          "Qwen3_5Tokenizer", QWEN3_5,
          "LlamaTokenizer", LLAMA,
          "GemmaTokenizer", GEMMA);
  private static final List<String> PLAIN =
      List.of("", "TokenizersBackend", "PreTrainedTokenizer", "PythonBackend");

  private final Prefix prefix;
  private final Map<String, String> defaults;

  TokenizerClass(Prefix prefix, Map<String, String> defaults) {
    this.prefix = prefix;
    this.defaults = defaults;
  }

  /**
   * The class of a name, with or without {@code Fast}.
   *
   * @param byteLevel whether the file says ByteLevel anywhere, which no LlamaTokenizer is
   */
  static TokenizerClass of(String name, boolean byteLevel) {
    String bare = name.endsWith("Fast") ? name.substring(0, name.length() - 4) : name;
    TokenizerClass known = NAMES.getOrDefault(bare, PLAIN.contains(bare) ? AS_FILED : OTHER);
    return known == LLAMA && byteLevel ? AS_FILED : known;
  }

  Prefix prefix() {
    return prefix;
  }

  /** Whether it takes only vocabulary and merges of the file. */
  boolean buildsAnew() {
    return !defaults.isEmpty();
  }

  /** Whether it adds all special tokens once more, without the options they had. */
  boolean addsSpecialTokensAgain() {
    return this == QWEN2;
  }

  /** Special tokens that it has where tokenizer_config.json does not name them. */
  Map<String, String> defaults() {
    return defaults;
  }

  private static Map<String, String> tokens(String token, String... names) {
    Map<String, String> tokens = new TreeMap<>();
    Arrays.stream(names).forEach(name -> tokens.put(name, token));
    return tokens;
  }

  private static Map<String, String> gptNeoX() {
    Map<String, String> tokens = tokens("<|endoftext|>", "bos_token", "eos_token", "unk_token");
    tokens.put("pad_token", "<|padding|>");
    return tokens;
  }
}
