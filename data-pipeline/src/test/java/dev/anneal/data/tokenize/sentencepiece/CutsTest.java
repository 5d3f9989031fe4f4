package dev.anneal.data.tokenize.sentencepiece;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.data.tokenize.SpanEncoder;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TokenizerJson;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pieces in a row against the plain rule on the whole text, merge after merge, for vocabularies
 * drawn at random over a few characters, where merges cross at every kind of place.
 */
class CutsTest {
  private static final List<String> CHARACTERS = List.of("a", "b", ".", "\u2581", "\u706f");
  private static final String[] WITHOUT_TOKEN = {"\u5b88", "z"};
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, Integer> vocabulary = new LinkedHashMap<>();
  private final List<List<String>> merges = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 10, 40})
  void piecesInARowHaveTheIdsOfTheWhole(int mergeCount)
      throws IOException, UnsupportedTokenizerException {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    int cutTexts = 0;
    for (int round = 0; round < 60; round++) {
      draw(random, mergeCount);
      SpanEncoder encoder =
          SentencePieceBpe.of(TokenizerJson.parse(file()), SpecialTokens.MATCHED).newEncoder();
      for (int i = 0; i < 40; i++) {
        String text = text(random);
        assertThat(Vocabularies.ids(encoder, text))
            .as("seed %s, merges %s: %s", seed, merges, text)
            .containsExactly(plain(text));
        cutTexts += text.isEmpty() ? 0 : 1;
      }
    }
    assertThat(cutTexts).isGreaterThan(2000);
  }

  private void draw(Random random, int mergeCount) {
    vocabulary.clear();
    merges.clear();
    for (int value = 0; value < 256; value++) {
      vocabulary.put(String.format("<0x%02X>", value), value);
    }
    List<String> tokens = new ArrayList<>(CHARACTERS);
    tokens.forEach(token -> vocabulary.put(token, vocabulary.size()));
    while (merges.size() < mergeCount) {
      String left = tokens.get(random.nextInt(tokens.size()));
      String right = tokens.get(random.nextInt(tokens.size()));
      List<String> pair = List.of(left, right);
      if (!merges.contains(pair)) {
        merges.add(pair);
        vocabulary.computeIfAbsent(left + right, token -> vocabulary.size());
        tokens.add(left + right);
      }
    }
  }

  private String file() throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode normalizer = root.putObject("normalizer").put("type", "Replace");
    normalizer.put("content", "\u2581").putObject("pattern").put("String", " ");
    ObjectNode model = root.putObject("model").put("type", "BPE").put("byte_fallback", true);
    vocabulary.forEach(model.putObject("vocab")::put);
    ArrayNode pairs = model.putArray("merges");
    merges.forEach(pair -> pairs.addArray().add(pair.get(0)).add(pair.get(1)));
    return JSON.writeValueAsString(root);
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(120); i > 0; i--) {
      String character = CHARACTERS.get(random.nextInt(CHARACTERS.size()));
      String spelled = random.nextInt(4) == 0 ? character : character.replace('\u2581', ' ');
      text.append(random.nextInt(15) == 0 ? WITHOUT_TOKEN[random.nextInt(2)] : spelled);
    }
    return text.toString();
  }

  private int[] plain(String text) {
    List<String> tokens = new ArrayList<>();
    for (String character : text.replace(' ', '\u2581').split("")) {
      if (character.equals(WITHOUT_TOKEN[0])) {
        tokens.addAll(List.of("<0xE5>", "<0xAE>", "<0x88>"));
      } else if (character.equals(WITHOUT_TOKEN[1])) {
        tokens.add("<0x7A>");
      } else if (!character.isEmpty()) {
        tokens.add(character);
      }
    }
    for (int at = lowest(tokens); at >= 0; at = lowest(tokens)) {
      String merged = tokens.get(at) + tokens.remove(at + 1);
      tokens.set(at, merged);
    }
    return tokens.stream().mapToInt(vocabulary::get).toArray();
  }

  /** Where the leftmost pair of the lowest rank is, or -1. */
  private int lowest(List<String> tokens) {
    int best = Integer.MAX_VALUE;
    int at = -1;
    for (int i = 0; i + 1 < tokens.size(); i++) {
      int rank = merges.indexOf(List.of(tokens.get(i), tokens.get(i + 1)));
      if (rank >= 0 && rank < best) {
        best = rank;
        at = i;
      }
    }
    return at;
  }
}
