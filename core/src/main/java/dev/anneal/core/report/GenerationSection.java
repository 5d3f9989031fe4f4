package dev.anneal.core.report;

import dev.anneal.core.questions.ExactMatch;
import java.util.List;

/** The part of the report about generated text: a prompt and what each model answered. */
final class GenerationSection {
  private static final int SHOWN = 5;

  private GenerationSection() {}

  static void write(Html page, List<GenerationComparison> comparisons) {
    if (comparisons.isEmpty()) {
      return;
    }
    page.raw("<section><h2>Generations</h2>\n");
    int shown = Math.min(SHOWN, comparisons.size());
    comparisons.subList(0, shown).forEach(comparison -> write(page, comparison));
    if (shown < comparisons.size()) {
      page.raw("<details><summary>" + (comparisons.size() - shown) + " more</summary>\n");
      comparisons.subList(shown, comparisons.size()).forEach(each -> write(page, each));
      page.raw("</details>\n");
    }
    page.raw("</section>\n");
  }

  private static void write(Html page, GenerationComparison comparison) {
    page.raw("<article class=\"generation\">").element("p", "prompt", comparison.prompt());
    if (!comparison.expected().isEmpty()) {
      page.raw("<p class=\"expected\"><span>expected</span> ");
      page.text(comparison.expected()).raw("</p>\n");
    }
    page.raw("<div class=\"answers\">\n");
    for (GenerationComparison.Answer answer : comparison.answers()) {
      page.raw("<div class=\"answer" + verdict(comparison, answer) + "\">");
      page.element("span", "", answer.label());
      page.element("p", answer.text().isBlank() ? "empty" : "", shown(answer.text()))
          .raw("</div>\n");
    }
    page.raw("</div></article>\n");
  }

  private static String shown(String text) {
    return text.isBlank() ? "(nothing)" : text.strip();
  }

  private static String verdict(
      GenerationComparison comparison, GenerationComparison.Answer answer) {
    if (comparison.expected().isEmpty()) {
      return "";
    }
    return ExactMatch.matches(answer.text(), comparison.expected()) ? " right" : " wrong";
  }
}
