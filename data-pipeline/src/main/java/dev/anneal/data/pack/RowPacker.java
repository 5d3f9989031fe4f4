package dev.anneal.data.pack;

import dev.anneal.data.config.TokenizeConfig;
import java.util.List;

/**
 * Arranges tokenized samples into rows of at most a block size. Packers see lengths only, so that
 * the plan for a whole corpus fits in memory. Implementations are stateless and deterministic.
 */
public sealed interface RowPacker permits OneSampleRows, BestFitRows, WrappedRows {

  /** The packer of a setting. */
  static RowPacker of(TokenizeConfig.Packing packing, int blockSize) {
    return switch (packing) {
      case NONE -> new OneSampleRows();
      case BFD -> BestFitRows.whole(blockSize);
      case BFD_SPLIT -> BestFitRows.splitting(blockSize);
      case WRAPPED -> new WrappedRows(blockSize);
    };
  }

  /** Rows for samples in their order; samples of length 0 give nothing. */
  List<PackedRow> pack(int[] lengths);

  /** Whether a sample may be longer than a row: then it is split instead of cut before. */
  boolean splitsLongSamples();

  /** Whether rows say where their samples begin ({@code seq_lengths}). */
  boolean keepsBoundaries();
}
