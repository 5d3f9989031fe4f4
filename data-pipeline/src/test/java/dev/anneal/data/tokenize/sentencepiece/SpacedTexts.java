package dev.anneal.data.tokenize.sentencepiece;

import java.util.List;
import java.util.Random;

/** Texts that hurt encoders of this kind: spaces, their mark, what has no token. One thread. */
final class SpacedTexts {
  private static final String PROSE =
      "The lamp keeper of the lighthouse lights the lamp. \u5b88\u706f\u4eba\u70b9\u4eae\u706f"
          + "\u5854\u3002 In the morning, the keeper's boat is at the pier; 1907, 2026.\n";
  private static final List<String> PARTS =
      List.of(
          "<s>",
          "weVe\u2581\u2581",
          "QZ",
          "zebra\u2581",
          "</s>",
          "<unk>",
          "[INST]",
          "[/INST]",
          "[INST",
          "<0x0A>",
          "\u2581",
          "\u2581the",
          "\n",
          "\r\n",
          "\t",
          "\u00a0",
          "\u3000",
          "e\u0301",
          "\ud83d\ude00",
          "\u0000",
          "\u007f");

  private final Random random;

  SpacedTexts(long seed) {
    random = new Random(seed);
  }

  String next() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(1 << random.nextInt(6)); i >= 0; i--) {
      text.append(part());
    }
    return text.toString();
  }

  private String part() {
    int kind = random.nextInt(10);
    if (kind < 4) {
      int start = random.nextInt(PROSE.length());
      return PROSE.substring(start, Math.min(PROSE.length(), start + random.nextInt(30)));
    }
    if (kind < 6) {
      return " ".repeat(random.nextInt(12));
    }
    if (kind < 8) {
      return PARTS.get(random.nextInt(PARTS.size()));
    }
    if (kind == 8) {
      String unit = PROSE.substring(random.nextInt(20), 20 + random.nextInt(3));
      return unit.repeat(random.nextInt(60));
    }
    int codePoint = random.nextInt(Character.MAX_CODE_POINT + 1);
    boolean half = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    return Character.toString(half ? ' ' : codePoint);
  }
}
