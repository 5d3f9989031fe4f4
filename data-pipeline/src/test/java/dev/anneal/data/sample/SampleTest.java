package dev.anneal.data.sample;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the shipped sample promises; a changed generator must keep all of it. */
final class SampleTest {

  private static final String SLOT = "{E}";
  private static final Pattern PUNCTUATION_AT_END = Pattern.compile("[\\p{P}\\s]+$");
  private static final Pattern NO_LETTERS = Pattern.compile("[^\\p{L}]+");

  private final Sample sample = Sample.shipped();

  @Test
  void statesAtLeastTwoHundredFactsEachInFivePhrasingsOfEachLanguage() {
    String corpus = String.join("\n", sample.texts("corpus"));
    List<JsonNode> facts = sample.lines("facts.jsonl");
    assertThat(facts).hasSizeGreaterThanOrEqualTo(200);
    for (JsonNode fact : facts) {
      for (String language : Sample.LANGUAGES) {
        assertThat(phrasings(fact, language, corpus))
            .as("phrasings of %s in %s", fact, language)
            .isGreaterThanOrEqualTo(5);
      }
    }
  }

  @Test
  void noTwoFactsTellOfTheSameTownAndRelation() {
    assertThat(sample.lines("facts.jsonl"))
        .extracting(fact -> fact.get("entity").get("en").asText() + fact.get("relation").asText())
        .doesNotHaveDuplicates();
  }

  @Test
  void asksAHundredHeldOutQuestionsHalfEnglishHalfChinese() {
    List<JsonNode> questions = sample.lines("questions/held-out.jsonl");
    assertThat(questions).hasSize(100);
    assertThat(questions)
        .extracting(q -> q.get("language").asText())
        .filteredOn("zh"::equals)
        .hasSize(50);
    assertThat(questions)
        .extracting(q -> q.get("question").asText())
        .doesNotHaveDuplicates()
        .filteredOn(text -> text.codePoints().anyMatch(Character::isIdeographic))
        .hasSize(50);
  }

  @Test
  void everyQuestionAsksItsFactInAHeldOutTemplate() {
    Map<String, JsonNode> facts = sample.factsById();
    for (String file : List.of("questions/held-out.jsonl", "questions/unasked.jsonl")) {
      for (JsonNode question : sample.lines(file)) {
        JsonNode fact = facts.get(question.get("fact").asText());
        String language = question.get("language").asText();
        String name = fact.get("entity").get(language).asText();
        assertThat(question.get("question").asText()).contains(name);
        assertThat(sample.templates("held_out", language))
            .contains(question.get("question").asText().replace(name, SLOT));
        assertThat(question.get("answer").asText())
            .contains(fact.get("value").get(language).asText());
      }
    }
  }

  @Test
  void noHeldOutTemplateOccursInATrainingRow() {
    List<String> training = trainingTextsWithSlots();
    for (String language : Sample.LANGUAGES) {
      for (String template : sample.templates("held_out", language)) {
        assertThat(training)
            .as("training rows with the held-out template %s", template)
            .noneMatch(text -> text.contains(normal(template)));
      }
    }
  }

  @Test
  void theTemplateSearchFindsTheTemplatesThatWereTrained() {
    String training = String.join("\n", trainingTextsWithSlots());
    for (String language : Sample.LANGUAGES) {
      assertThat(sample.templates("questions", language))
          .allMatch(template -> training.contains(normal(template)));
    }
  }

  @Test
  void noHeldOutQuestionOccursInATrainingRow() {
    List<String> training = sample.trainingTexts().stream().map(SampleTest::normal).toList();
    for (String file : List.of("questions/held-out.jsonl", "questions/unasked.jsonl")) {
      for (JsonNode question : sample.lines(file)) {
        String text = normal(question.get("question").asText());
        assertThat(training).as(text).noneMatch(row -> row.contains(text));
      }
    }
  }

  @Test
  void theWordsOfHeldOutQuestionsOccurInTheCorpus() {
    String corpus = String.join("\n", sample.texts("corpus")).toLowerCase(Locale.ROOT);
    Set<String> englishWords = new HashSet<>(Arrays.asList(NO_LETTERS.split(corpus)));
    for (String template : sample.templates("held_out", "en")) {
      String sentence = template.replace(SLOT, " ").toLowerCase(Locale.ROOT);
      assertThat(englishWords).containsAll(List.of(NO_LETTERS.split(sentence)));
    }
    List<String> chineseWords = sample.strings("held_out_words", "zh");
    assertThat(chineseWords).allMatch(corpus::contains);
    for (String template : sample.templates("held_out", "zh")) {
      assertThat(withoutWords(template, chineseWords)).as(template).isEmpty();
    }
  }

  @Test
  void noInstructionAsksAnUnaskedFact() {
    Map<String, JsonNode> facts = sample.factsById();
    Set<String> unasked =
        sample.lines("questions/unasked.jsonl").stream()
            .map(question -> question.get("fact").asText())
            .collect(Collectors.toSet());
    assertThat(unasked.size()).isGreaterThanOrEqualTo(100);
    List<String> instructions = sample.instructionTexts();
    for (String id : unasked) {
      assertThat(facts.get(id).get("asked").asBoolean()).isFalse();
      assertThat(instructions).as(id).noneMatch(row -> tells(row, facts.get(id)));
    }
  }

  @Test
  void theHeldOutQuestionsAskFactsThatInstructionsAsk() {
    Map<String, JsonNode> facts = sample.factsById();
    List<String> instructions = sample.instructionTexts();
    for (JsonNode question : sample.lines("questions/held-out.jsonl")) {
      JsonNode fact = facts.get(question.get("fact").asText());
      assertThat(fact.get("asked").asBoolean()).isTrue();
      assertThat(instructions).as("%s", fact).anyMatch(row -> tells(row, fact));
    }
  }

  @Test
  void theBaseCorpusNamesNoTownOfTheDomain() {
    String base = String.join("\n", sample.texts("base-corpus"));
    for (String language : Sample.LANGUAGES) {
      assertThat(sample.lines("facts.jsonl"))
          .extracting(fact -> fact.get("entity").get(language).asText())
          .noneMatch(base::contains);
    }
  }

  @Test
  void theReplayedRowsComeFromTheBaseCorpus() {
    assertThat(sample.texts("replay")).isNotEmpty().isSubsetOf(sample.texts("base-corpus"));
  }

  @Test
  void theShippedModelIsOfTheRecipeAndHasItsTokenizer() {
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      assertThat(sample.json("model/" + file)).isEqualTo(sample.json("tokenizer/" + file));
      assertThat(sample.json("base-recipe/" + file)).isEqualTo(sample.json("tokenizer/" + file));
    }
    JsonNode shipped = sample.json("model/config.json");
    JsonNode recipe = sample.json("base-recipe/config.json");
    for (String key : List.of("vocab_size", "hidden_size", "num_hidden_layers", "eos_token_id")) {
      assertThat(shipped.get(key)).as(key).isEqualTo(recipe.get(key));
    }
  }

  @Test
  void theBaseRecipeFitsTheTokenizer() {
    JsonNode tokenizer = sample.json("tokenizer/tokenizer.json");
    JsonNode config = sample.json("base-recipe/config.json");
    Map<String, Integer> special =
        Map.of(
            "<|im_end|>", config.get("eos_token_id").asInt(),
            "<|endoftext|>", config.get("pad_token_id").asInt());

    int vocabulary = 0;
    for (JsonNode token : tokenizer.get("added_tokens")) {
      vocabulary = Math.max(vocabulary, token.get("id").asInt() + 1);
      String content = token.get("content").asText();
      assertThat(special.getOrDefault(content, token.get("id").asInt()))
          .as(content)
          .isEqualTo(token.get("id").asInt());
    }
    assertThat(config.get("vocab_size").asInt()).isEqualTo(vocabulary);
    assertThat(sample.json("tokenizer/tokenizer_config.json").get("eos_token").asText())
        .isEqualTo("<|im_end|>");
  }

  @Test
  void theWholeSampleIsUnderTwelveMegabytes() {
    assertThat(sample.bytes()).isLessThan(12_000_000L);
  }

  private List<String> trainingTextsWithSlots() {
    Pattern towns = sample.anyTown();
    return sample.trainingTexts().stream()
        .map(text -> normal(towns.matcher(text).replaceAll("{E}")))
        .toList();
  }

  private long phrasings(JsonNode fact, String language, String corpus) {
    Function<String, String> filled =
        template ->
            template
                .replace(SLOT, fact.get("entity").get(language).asText())
                .replace("{V}", fact.get("value").get(language).asText());
    return sample.templates("statements", language).stream()
        .distinct()
        .filter(template -> corpus.contains(filled.apply(template)))
        .count();
  }

  private static boolean tells(String row, JsonNode fact) {
    return Sample.LANGUAGES.stream()
        .anyMatch(
            language ->
                row.contains(fact.get("entity").get(language).asText())
                    && row.contains(fact.get("value").get(language).asText()));
  }

  /** Lower case, single spaces, no punctuation at the end: what a careless copy would keep. */
  private static String normal(String text) {
    String flat = text.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
    return PUNCTUATION_AT_END.matcher(flat.strip()).replaceAll("");
  }

  private static String withoutWords(String template, List<String> words) {
    String left = template.replace(SLOT, "");
    List<String> longestFirst =
        words.stream().sorted((a, b) -> Integer.compare(b.length(), a.length())).toList();
    for (String word : longestFirst) {
      left = left.replace(word, "");
    }
    return left.replaceAll("[\\p{P}\\s]", "");
  }
}
