package dev.anneal.jobs.tokenize.tally;

/** Where the time of tokenizing a split goes; the names stand in the report, in lower case. */
public enum Phase {
  /** Fetching, decompressing and finding the ends of lines. */
  READ,
  /** Finding the text in a row and checking its bytes; rendering a conversation is not in it. */
  PARSE,
  /** Text to ids; with conversations all that is done to a row. */
  TOKENIZE,
  /** Writing ids to the staged file. */
  STAGE
}
