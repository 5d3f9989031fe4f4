package dev.anneal.core.model;

/** How generation's weights lie in memory, which it reads as a whole for every token. */
enum DecodeLayout {
  /** As training has them: no copy. */
  ROWS,
  /** In oneDNN's blocks, those that read the same input as one matrix. */
  BLOCKS
}
