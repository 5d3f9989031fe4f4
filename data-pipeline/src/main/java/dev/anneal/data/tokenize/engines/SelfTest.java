package dev.anneal.data.tokenize.engines;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.tokenize.IdList;
import dev.anneal.data.tokenize.JavaEncoder;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.SpanEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Asks an engine in Java and the native library for the ids of the same hundred texts, once when a
 * tokenizer is opened. It is no proof: it catches a file with something that no engine was written
 * for, or a library with another Unicode, before a wrong id is written. Stateless.
 */
final class SelfTest {
  private static final List<String> WORDS =
      List.of(
          "Hello world",
          "don't DON'T we'll they'Re I'm 'sx '\u017f 'll' 'x",
          "1 12 123 1234 12345 1.5e-7 \u0661\u0662\u0663\u0664 \u00bd\u2167",
          "snake_case camelCase kebab-case ALLCAPS x=y+1;",
          "if (a[i] != b) {\r\n\t\treturn \"x\\n\";\n}\n\n\n  // end",
          "https://example.org/a?b=c&d=%20#e user@example.org",
          "\u5b88\u706f\u4eba\u70b9\u4eae\u706f\u5854\u3002\u300c\u4f60\u597d\u300d,\u4e16\u754c!",
          "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8 \u30ab\u3099 \u304c",
          "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab \u1100\u1161\uac01",
          "caf\u00e9 cafe\u0301 \u1e69 s\u0323\u0307 s\u0307\u0323 \u212b \u2126",
          "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440 \u0418\u0306 \u0419",
          "\u0645\u0631\u062d\u0628\u0627 \u0644\u0651\u064e \u05e9\u05b8\u05c1\u05dc\u05d5\u05dd",
          "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0928\u092e\u0938\u094d\u0924\u0947 \u0958",
          "\ud83d\ude00\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67 \ud83c\uddeb\ud83c\uddf7",
          "\ud835\udd4f \ud869\uded6 \ud804\udd31\ud804\udd27 \ud806\udd35\ud806\udd30",
          "\u0000\u0001\u007f\u0080\u0085\u00a0\u00ad\u1680\u180e\u2007\u200b\u2028\u3000\ufeff",
          "\ufffd\uffff\ue000 \u1c89 \ua7da \u0897x\u0301 \u2ffc",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "!!!???...---===___***###\n\n---\r\r\n>>>");

  private static final List<String> SPACES =
      List.of("", " ", "  ", "\t", "\n", " \n", "\n ", " \n ", "\r\n\r\n", "\u00a0 ", "\u2003\n x");

  private SelfTest() {}

  /** What differs first, for a report; empty when nothing does. */
  static Optional<String> difference(
      JavaEncoder engine, NativeTokenizer library, JsonNode addedTokens) {
    SpanEncoder encoder = engine.newEncoder();
    for (String text : texts(addedTokens)) {
      int[] expected = library.encode(text);
      int[] actual = IdList.of(encoder, text);
      if (!Arrays.equals(actual, expected)) {
        return Optional.of(
            "the ids of '"
                + text
                + "' were "
                + Arrays.toString(actual)
                + " (expected "
                + Arrays.toString(expected)
                + ")");
      }
    }
    return Optional.empty();
  }

  /** Each word by itself, with white space before and behind, and with added tokens. */
  private static List<String> texts(JsonNode addedTokens) {
    List<String> texts = new ArrayList<>(SPACES);
    for (int i = 0; i < WORDS.size(); i++) {
      String word = WORDS.get(i);
      texts.add(word);
      texts.add(word + word);
      texts.add(SPACES.get(i % SPACES.size()) + word + SPACES.get((i + 3) % SPACES.size()));
      texts.add("x" + word + SPACES.get((i + 5) % SPACES.size()) + word);
    }
    StringBuilder joined = new StringBuilder("a");
    StringBuilder apart = new StringBuilder("a");
    for (JsonNode token : addedTokens) {
      String content = token.path("content").asText();
      joined.append(content);
      apart.append(' ').append(content).append("\n b");
    }
    texts.add(joined.toString());
    texts.add(apart.toString());
    return texts;
  }
}
