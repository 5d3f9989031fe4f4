package dev.anneal.jobs.evaluate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.report.AnswerScore;
import dev.anneal.jobs.config.AnnealConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes {@code eval.json} (scores) and {@code generations.jsonl} (every answer). A number that is
 * not finite has no JSON form: it is null and {@code note} says why.
 */
final class EvaluationFiles {
  static final String SCORES = "eval.json";
  static final String GENERATIONS = "generations.jsonl";

  private final ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private final FileStore store;
  private final String folder;

  EvaluationFiles(FileStore store, String folder) {
    this.store = store;
    this.folder = folder;
  }

  /**
   * @param all the scores of {@code adapter.path} or the bare model, then those of named adapters
   */
  void write(AnnealConfig config, List<AdapterScores> all) throws IOException {
    ObjectNode root = json.createObjectNode();
    root.put("model", Redaction.text(config.model().path()));
    root.put("adapter", Redaction.text(config.adapter().path()));
    put(root, all.get(0));
    if (all.size() > 1) {
      ArrayNode adapters = root.putArray("adapters");
      for (int i = 1; i < all.size(); i++) {
        ObjectNode node = adapters.addObject().put("name", all.get(i).adapter());
        node.put("path", Redaction.text(config.evaluate().adapters().get(i - 1).path()));
        put(node, all.get(i));
      }
    }
    if (all.stream().anyMatch(scores -> !scores.questions().isEmpty())) {
      store.write(
          FileStore.join(folder, GENERATIONS),
          out -> {
            for (AdapterScores scores : all) {
              for (ScoredQuestions file : scores.questions()) {
                out.write(lines(scores.adapter(), file).getBytes(StandardCharsets.UTF_8));
              }
            }
          });
    }
    store.writeBytes(
        FileStore.join(folder, SCORES),
        (json.writeValueAsString(root) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void put(ObjectNode node, AdapterScores scores) {
    ArrayNode data = node.putArray("data");
    scores.shards().forEach(score -> put(data.addObject(), score));
    ArrayNode files = node.putArray("questions");
    scores.questions().forEach(file -> put(files.addObject(), file));
  }

  private static void put(ObjectNode node, ShardScore score) {
    node.put("path", Redaction.text(score.path()));
    node.put("rows", score.rows());
    node.put("tokens", score.tokens());
    node.put("target_tokens", score.targetTokens());
    number(node, "eval_loss", score.loss());
    number(node, "perplexity", score.perplexity());
    number(node, "token_accuracy", score.tokenAccuracy());
    if (!score.measured()) {
      node.put("note", "no target tokens");
    } else if (!Double.isFinite(score.perplexity())) {
      node.put("note", "eval_loss is " + score.loss() + ", perplexity " + score.perplexity());
    }
  }

  private static void number(ObjectNode node, String key, double value) {
    if (Double.isFinite(value)) {
      node.put(key, value);
    } else {
      node.putNull(key);
    }
  }

  private static void put(ObjectNode node, ScoredQuestions file) {
    node.put("file", Redaction.text(file.file()));
    put(node, file.score());
    ObjectNode languages = node.putObject("by_language");
    file.byLanguage().forEach((name, score) -> put(languages.putObject(name), score));
  }

  private static void put(ObjectNode node, AnswerScore score) {
    node.put("correct", score.correct());
    node.put("total", score.total());
    node.put("exact_match", score.share());
  }

  private static String lines(String adapter, ScoredQuestions file) {
    StringBuilder lines = new StringBuilder();
    ObjectMapper compact = new ObjectMapper();
    for (ScoredQuestions.Answered answered : file.answers()) {
      ObjectNode line = compact.createObjectNode();
      if (!adapter.isEmpty()) {
        line.put("adapter", adapter);
      }
      line.put("file", Redaction.text(file.file()));
      line.put("id", answered.question().id());
      line.put("question", answered.question().text());
      line.put("expected", answered.question().answer());
      line.put("answer", answered.answer());
      line.put("right", answered.right());
      lines.append(line).append('\n');
    }
    return lines.toString();
  }
}
