package dev.anneal.data.tokenize.bpe;

/**
 * Cuts text into words, the units that merges stay within, as a tokenizer's regular expression
 * does. No backtracking is needed for any of them. Immutable.
 */
sealed interface Splitter permits Gpt2Splitter, Cl100kSplitter {
  /**
   * The end of the word that starts here.
   *
   * @param utf8 well-formed UTF-8
   * @param at start of a word, below the end
   * @param end where the text ends to the pattern: {@code (?!\S)} holds there
   */
  int wordEnd(byte[] utf8, int at, int end);
}
