package dev.anneal.jobs.generate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.jobs.config.GenerateConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A generator with the settings of one run. Borrows the generator; one thread. */
record Answering(TextGenerator generator, GenerateConfig config) {
  private static final Logger LOG = LoggerFactory.getLogger(Answering.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One JSON object a prompt, in order, as they get ready. */
  void writeAll(List<PromptFile.Row> prompts, OutputStream out) throws IOException {
    int end;
    for (int start = 0; start < prompts.size(); start = end) {
      end = together(prompts, start);
      List<PromptFile.Row> part = prompts.subList(start, end);
      generator.use(part.get(0).adapter());
      List<List<String>> answers = to(part.stream().map(PromptFile.Row::prompt).toList(), start);
      for (int i = 0; i < part.size(); i++) {
        ObjectNode line = JSON.createObjectNode().put("prompt", part.get(i).prompt());
        if (!part.get(i).adapter().isEmpty()) {
          line.put(PromptFile.ADAPTER, part.get(i).adapter());
        }
        ArrayNode texts = line.putArray("answers");
        answers.get(i).forEach(texts::add);
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      }
      LOG.info("prompts={} of={}", start + part.size(), prompts.size());
    }
  }

  /** Where the prompts end that one adapter answers side by side. */
  private int together(List<PromptFile.Row> prompts, int start) {
    int end = start + 1;
    while (end < Math.min(prompts.size(), start + promptsAtOnce())
        && prompts.get(end).adapter().equals(prompts.get(start).adapter())) {
      end++;
    }
    return end;
  }

  int promptsAtOnce() {
    return Math.max(1, config.batchSize() / config.numReturnSequences());
  }

  /** The one answer to a prompt, written as it comes. */
  void stream(String prompt, int place, PrintStream out) {
    generator.stream(
        prompt,
        Sampling.of(config),
        place,
        piece -> {
          out.print(piece);
          out.flush();
        });
    out.println();
  }

  /** The answers to each prompt. */
  List<List<String>> to(List<String> prompts, int firstPlace) {
    int count = config.numReturnSequences();
    List<String> repeated = new ArrayList<>();
    prompts.forEach(prompt -> repeated.addAll(Collections.nCopies(count, prompt)));
    List<String> flat =
        generator.answers(
            repeated, Sampling.of(config), config.batchSize(), (long) firstPlace * count);
    List<List<String>> answers = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      answers.add(flat.subList(i * count, (i + 1) * count));
    }
    return answers;
  }
}
