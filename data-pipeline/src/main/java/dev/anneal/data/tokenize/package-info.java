/** Text to token ids: the tokenizer folder of a model and the tokenizer that it describes. */
package dev.anneal.data.tokenize;
