package dev.anneal.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.jobs.generate.TinyModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextEmbedderTest extends MlTest {
  private static final String[] TEXTS = {
    "Hello there.", "你好，世界", null, "", "a longer text of words"
  };

  @TempDir Path temp;

  @Test
  void embedsWhateverElseIsInTheBatch() throws IOException {
    Path model = temp.resolve("a model 模型");
    TinyModel.write(model, TinyModel.Head.TIED);
    TextEmbedder embedder =
        new TextEmbedder().setInputCol("text").setOutputCol("v").setModelPath(model.toString());
    Dataset<Row> data = texts(TEXTS).selectExpr("length(text) AS n", "text", "array(text) AS kept");
    Dataset<Row> embedded = embedder.embed(data);
    assertThat(embedded.columns()).containsExactly("n", "text", "kept", "v");
    assertThat(embedded.schema().apply("v").dataType().catalogString()).isEqualTo("array<float>");
    Map<String, List<Float>> together = vectors(embedded);
    Map<String, List<Float>> alone = vectors(embedder.setBatchSize(1).embed(data));
    assertThat(together).hasSize(TEXTS.length).containsEntry(null, null).containsEntry("", null);
    together.forEach((text, vector) -> assertClose(vector, alone.get(text)));
    assertThat(together.get("Hello there.")).hasSize(64);
    Map<String, List<Float>> last = vectors(embedder.setPooling("last").embed(data));
    assertThat(last.get("Hello there.")).isNotEqualTo(alone.get("Hello there."));
    embedder.setMaxLength(1);
    assertClose(
        vectors(embedder.embed(data)).get("Hello there."),
        vectors(embedder.setPooling("mean").embed(data)).get("Hello there."));
    embedder.save(temp.resolve("saved").toString());
    assertThat(vectors(TextEmbedder.load(temp.resolve("saved").toString()).embed(data)))
        .isEqualTo(vectors(embedder.embed(data)));
  }

  @Test
  void namesWhatIsMissing() {
    TextEmbedder embedder = new TextEmbedder("e").setInputCol("text");
    assertThatThrownBy(() -> embedder.embed(texts("x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Missing modelPath of e (setModelPath names a model's folder)");
    embedder.setModelPath(temp.resolve("none").toString());
    assertThatThrownBy(() -> embedder.embed(texts("x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot read modelPath: " + temp.resolve("none") + " (no such folder)");
    assertThatThrownBy(() -> embedder.setPooling("max").embed(texts("x")))
        .hasMessage("Invalid pooling: max (must be one of mean, last)");
  }

  private static Map<String, List<Float>> vectors(Dataset<Row> embedded) {
    Map<String, List<Float>> vectors = new HashMap<>();
    for (Row row : embedded.select("text", "v").collectAsList()) {
      vectors.put(row.getString(0), row.isNullAt(1) ? null : List.copyOf(row.<Float>getList(1)));
    }
    return vectors;
  }

  private static void assertClose(List<Float> one, List<Float> other) {
    if (one == null) {
      assertThat(other).isNull();
      return;
    }
    for (int i = 0; i < one.size(); i++) {
      assertThat(one.get(i)).isCloseTo(other.get(i), within(1e-4f));
    }
  }
}
