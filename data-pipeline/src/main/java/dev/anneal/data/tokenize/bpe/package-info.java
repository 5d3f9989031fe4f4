/**
 * Byte-level BPE, as of Qwen, Llama 3 and GPT-2, with the ids of the Hugging Face library. {@link
 * dev.anneal.data.tokenize.bpe.ByteLevelBpe} decides what is accepted; {@code ByteLevelEncoder} is
 * the hot path.
 */
package dev.anneal.data.tokenize.bpe;
