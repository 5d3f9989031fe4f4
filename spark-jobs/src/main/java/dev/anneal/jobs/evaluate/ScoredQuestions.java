package dev.anneal.jobs.evaluate;

import dev.anneal.core.questions.ExactMatch;
import dev.anneal.core.questions.Question;
import dev.anneal.core.report.AnswerScore;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The questions of one file with a model's answers, in the file's order. Immutable. */
record ScoredQuestions(String file, List<Answered> answers) {

  /** A question and what the model said. */
  record Answered(Question question, String answer) {
    boolean right() {
      return ExactMatch.matches(answer, question.answer());
    }

    String line() {
      return String.format(
          Locale.ROOT,
          "  %s %s -> %s%s",
          right() ? "right" : "wrong",
          oneLine(question.text()),
          oneLine(answer),
          right() ? "" : " (expected " + oneLine(question.answer()) + ")");
    }

    private static String oneLine(String text) {
      return text.strip().replaceAll("\\s*\\R\\s*", " | ");
    }
  }

  ScoredQuestions {
    answers = List.copyOf(answers);
  }

  /** Each file's questions with their answers, which come in the order of files and questions. */
  static List<ScoredQuestions> of(Map<String, List<Question>> files, List<String> answers) {
    List<ScoredQuestions> scored = new ArrayList<>();
    Iterator<String> next = answers.iterator();
    files.forEach(
        (file, questions) -> {
          List<Answered> answered = new ArrayList<>();
          questions.forEach(question -> answered.add(new Answered(question, next.next())));
          scored.add(new ScoredQuestions(file, answered));
        });
    return scored;
  }

  AnswerScore score() {
    return score(answers);
  }

  /** By the questions' language; empty when none has one. */
  SortedMap<String, AnswerScore> byLanguage() {
    SortedMap<String, AnswerScore> scores = new TreeMap<>();
    for (Answered answered : answers) {
      if (!answered.question().language().isEmpty()) {
        scores.merge(answered.question().language(), score(List.of(answered)), AnswerScore::plus);
      }
    }
    return scores;
  }

  private static AnswerScore score(List<Answered> answers) {
    return new AnswerScore((int) answers.stream().filter(Answered::right).count(), answers.size());
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "%s: %d of %d right (%.1f %%)",
        file,
        score().correct(),
        score().total(),
        100 * score().share());
  }
}
