package dev.anneal.data.tokenize.bpe;

import java.util.List;
import java.util.Random;

/** Texts that hurt tokenizers: what people write, mixed with what nobody does. One thread. */
final class RandomTexts {
  private static final List<String> POOLS =
      List.of(
          "etaoin shrdlu ETAOIN",
          "the lamp keeper's",
          " \n\r\t\u00a0\u2003\u3000\u0085",
          "'sStTrReEvVlLmMdD\u017f",
          "0123456789\u0661\u00bd\u2167",
          ".,;:!?-_()[]{}<|>/\\\"#",
          "\u0301\u0323\u0307\u0345\u0334\u05b8\u064e\u0e38\u094d\u3099\u302b\u0344",
          "\u5b88\u706f\u4eba\u70b9\u4eae\u5854\u3002\uff0c\u306e\u304b\uf900",
          "\u1100\u1161\u11a8\uac00\u11a7\u1112\u1175\u11c2\ud7a3",
          "\u00e9\u1e69\u01d5\u0430\u0438\u0439\u0627\u0644\u05d0\u0915\u093c\u0e31\u212b\u0958");
  private static final String[] PIECES = {
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|im_end|>x",
    "<|im_e",
    "<think>",
    "</think>",
    "\u706f\u5854",
    "\ud83d\ude00",
    "\ud83d\udc68\u200d\ud83d\udc69",
    "\ud806\udd35\ud806\udd30",
    "\ud804\udd31\ud804\udd27",
    "\r\n",
    "    ",
    "don't",
    "WE'LL"
  };

  private final Random random;

  RandomTexts(long seed) {
    random = new Random(seed);
  }

  /** Mostly a few characters, sometimes some hundred. */
  String next() {
    int parts = 1 << random.nextInt(7);
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(parts + 1); i > 0; i--) {
      int times = random.nextInt(12) == 0 ? 2 + random.nextInt(30) : 1;
      text.append(part().repeat(times));
    }
    return text.toString();
  }

  private String part() {
    int kind = random.nextInt(24);
    if (kind == 0) {
      return Character.toString(codePoint(0x110000));
    }
    if (kind == 1) {
      return Character.toString(codePoint(0x3000));
    }
    if (kind < 5) {
      return PIECES[random.nextInt(PIECES.length)];
    }
    String pool = POOLS.get(random.nextInt(POOLS.size()));
    return String.valueOf(pool.charAt(random.nextInt(pool.length())));
  }

  private int codePoint(int bound) {
    int codePoint = random.nextInt(bound);
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE
        ? 'x'
        : codePoint;
  }
}
