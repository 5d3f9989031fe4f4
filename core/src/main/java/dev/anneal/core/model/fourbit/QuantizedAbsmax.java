package dev.anneal.core.model.fourbit;

/**
 * The absmax values of a matrix in 8 bits, with the bits of bitsandbytes' double quantisation on a
 * CPU thread: less their mean, in blocks of 256 that have a scale each. Its arrays are the
 * caller's.
 *
 * @param codes one an absmax
 * @param scales one a block of 256 codes
 * @param offset the mean
 */
public record QuantizedAbsmax(byte[] codes, float[] scales, float offset) {

  /** Quantises; at least one value. */
  public static QuantizedAbsmax of(float[] absmax, DynamicMap map) {
    float offset = CascadeSum.mean(absmax);
    byte[] codes = new byte[absmax.length];
    float[] scales = new float[Math.toIntExact(FourBitFormat.absmaxBlocks(absmax.length))];
    for (int block = 0; block < scales.length; block++) {
      int from = block * FourBitFormat.ABSMAX_BLOCK;
      int to = Math.min(from + FourBitFormat.ABSMAX_BLOCK, absmax.length);
      float largest = 0;
      for (int i = from; i < to; i++) {
        largest = Math.max(largest, Math.abs(absmax[i] - offset));
      }
      scales[block] = largest;
      if (largest > 0) {
        float inverse = 1 / largest;
        for (int i = from; i < to; i++) {
          codes[i] = map.code((absmax[i] - offset) * inverse);
        }
      }
    }
    return new QuantizedAbsmax(codes, scales, offset);
  }

  /** What the codes stand for. */
  public float[] values(DynamicMap map) {
    float[] shares = map.values();
    float[] values = new float[codes.length];
    for (int i = 0; i < values.length; i++) {
      float share = shares[Byte.toUnsignedInt(codes[i])];
      values[i] = share * scales[i / FourBitFormat.ABSMAX_BLOCK] + offset;
    }
    return values;
  }
}
