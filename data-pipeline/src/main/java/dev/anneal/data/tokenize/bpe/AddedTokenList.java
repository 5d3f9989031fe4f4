package dev.anneal.data.tokenize.bpe;

import static dev.anneal.data.tokenize.UnsupportedTokenizerException.when;

import com.fasterxml.jackson.databind.JsonNode;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.UnsupportedTokenizerException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads {@code added_tokens} and refuses options that change how they match. Stateless. */
public final class AddedTokenList {
  private static final List<String> OPTIONS = List.of("lstrip", "rstrip", "single_word");

  private AddedTokenList() {}

  /**
   * @param normalizes whether the file has a normalizer: tokens matched after it are refused then
   */
  public static List<AddedTokens.Entry> read(
      JsonNode added, boolean normalizes, SpecialTokens specialTokens)
      throws UnsupportedTokenizerException {
    List<AddedTokens.Entry> entries = new ArrayList<>();
    Set<Integer> ids = new HashSet<>();
    Set<String> contents = new HashSet<>();
    Set<Boolean> passes = new HashSet<>();
    for (JsonNode token : added) {
      String content = token.path("content").asText();
      int id = token.path("id").asInt(-1);
      for (String option : OPTIONS) {
        when(token.path(option).asBoolean(), "added token '" + content + "' with " + option);
      }
      boolean normalized = token.path("normalized").asBoolean(true);
      when(normalized && normalizes, "added token '" + content + "' with normalized");
      when(id < 0 || id >= MergeTable.MAX_IDS, "added token '" + content + "' with id " + id);
      if (content.isEmpty()) {
        continue;
      }
      when(!ids.add(id) | !contents.add(content), "added token '" + content + "' is not unique");
      passes.add(normalized);
      boolean skipped =
          specialTokens == SpecialTokens.SPLIT && token.path("special").asBoolean(false);
      entries.add(new AddedTokens.Entry(content.getBytes(StandardCharsets.UTF_8), id, skipped));
    }
    when(passes.size() > 1, "added tokens with and without normalized");
    return entries;
  }
}
