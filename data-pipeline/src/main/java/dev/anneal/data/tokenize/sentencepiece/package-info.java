/**
 * SentencePiece-style BPE in Java: Llama 2, Mistral and whoever shares their form of {@code
 * tokenizer.json}.
 *
 * <p>There a whole document is one word to the model: merges may cross spaces. What keeps this fast
 * is that two neighbouring characters can only come together if some merge has a left part that
 * ends in the one and a right part that begins with the other. Where no merge of the vocabulary
 * does, the text may be cut, and the ids of the pieces in a row are those of the whole: before
 * nearly every space, around most punctuation, between nearly all Chinese characters.
 */
package dev.anneal.data.tokenize.sentencepiece;
