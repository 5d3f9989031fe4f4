package dev.anneal.data.chat.jinja.value;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TextSearchTest {
  @Test
  void findsWhatThePlatformFinds() {
    Random random = new Random(11);
    for (int round = 0; round < 3000; round++) {
      String text = word(random, 400, 2);
      String part =
          random.nextBoolean()
              ? word(random, 60, 2)
              : text.substring(random.nextInt(text.length() / 2 + 1));
      int from = random.nextInt(text.length() + 3);
      assertThat(TextSearch.first(text, part, from)).isEqualTo(text.indexOf(part, from));
      assertThat(TextSearch.last(text, part)).isEqualTo(text.lastIndexOf(part));
    }
  }

  /** Long runs of the same letter, where plain search is slow. */
  private static String word(Random random, int most, int letters) {
    return random
        .ints(random.nextInt(most), 0, 8 * letters)
        .mapToObj(i -> i < letters ? Character.toString('a' + i) : "a".repeat(i % 5))
        .collect(Collectors.joining());
  }
}
