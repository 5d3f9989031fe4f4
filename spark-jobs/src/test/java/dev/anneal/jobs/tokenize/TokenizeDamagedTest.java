package dev.anneal.jobs.tokenize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.anneal.jobs.JobLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user sees of files that are damaged or of another compression. */
class TokenizeDamagedTest {
  private static final Path COMPRESSED = Path.of("src", "test", "resources", "compressed");

  @TempDir Path temp;

  private void assertRefused(String name, byte[] content, String reason) throws IOException {
    Path corpus = Files.createDirectories(temp.resolve("of " + name));
    Path file = Files.write(corpus.resolve(name), content);
    JobLine line =
        JobLine.run(
            new TokenizeJob(),
            "tokenize.tokenizer=" + TestCorpus.TOKENIZER,
            "tokenize.inputs=[{path=\"" + corpus + "\"}]",
            "tokenize.output=" + temp.resolve("shards"));
    assertThat(line.code()).as(line.err()).isEqualTo(3);
    assertThat(line.err()).startsWith("Error: Cannot read " + file + ": " + reason);
    assertThat(line.err().lines()).hasSize(1);
  }

  @Test
  void endWithADataErrorThatNamesTheFile() throws IOException {
    byte[] lz4 = Files.readAllBytes(COMPRESSED.resolve("lz4.lz4"));
    byte[] gzip = Files.readAllBytes(COMPRESSED.resolve("gzip.gz"));
    assertRefused(
        "cut.jsonl.lz4", Arrays.copyOf(lz4, lz4.length / 2), "damaged lz4 data: Premature end");
    assertRefused("other.jsonl.zst", gzip, "it is compressed with gzip (its name must end in .gz)");
    assertRefused("plain.jsonl", gzip, "it is compressed with gzip (its name must end in .gz)");
    assertRefused(
        "two.json",
        "[{\"text\": \"a\"}]\n[{\"text\": \"b\"}]".getBytes(StandardCharsets.UTF_8),
        "more follows the end of the JSON array, after its row 1");
  }
}
