package dev.anneal.core.collective.local;

import dev.anneal.core.tensor.FloatRegion;

/**
 * What a rank lets the others read during one operation.
 *
 * @param region its values, or an empty region
 * @param bytes its bytes, not to be changed
 */
record Offer(FloatRegion region, byte[] bytes) {
  private static final byte[] NO_BYTES = {};
  static final Offer NOTHING = new Offer(new FloatRegion(0, 0), NO_BYTES);

  static Offer of(FloatRegion region) {
    return new Offer(region, NO_BYTES);
  }

  static Offer of(byte[] bytes) {
    return new Offer(NOTHING.region, bytes.clone());
  }
}
