package dev.anneal.core.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.export.MergedWeights;
import dev.anneal.core.export.ModelExport;
import dev.anneal.core.format.SafetensorsReader;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Weight files that are not what config.json or their index promises, against the logits that
 * transformers gives; interop/fixtures/make_weights.py recorded them.
 */
class StoredWeightsTest {
  private static final Path ROOT = Path.of("src/test/resources/weights");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private static JsonNode expected() throws IOException {
    return JSON.readTree(ROOT.resolve("expected.json").toFile());
  }

  static Stream<String> cases() throws IOException {
    List<String> names = new ArrayList<>();
    expected().get("cases").fieldNames().forEachRemaining(names::add);
    return names.stream();
  }

  private static float[] logits(TrainedModel model, int[] ids) {
    TokenRow row = new TokenRow(ids, ids, new int[] {ids.length});
    long[] all = LongStream.range(0, ids.length).toArray();
    try (Tensor logits = model.model().logits(MicroBatch.of(List.of(row), 0), all)) {
      return logits.toFloats();
    }
  }

  private static void requireLogits(float[] own, JsonNode rows, String name) {
    int at = 0;
    for (JsonNode row : rows) {
      for (JsonNode value : row) {
        assertThat(own[at])
            .as("%s: logit %d", name, at)
            .isCloseTo((float) value.asDouble(), within(1e-5f));
        at++;
      }
    }
    assertThat(own).hasSize(at);
  }

  private static void requireLogits(ModelFolder model, JsonNode rows, String name)
      throws IOException {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel opened = TrainedModel.forInference(runtime, model, Optional.empty())) {
        requireLogits(logits(opened, Parity.ints(expected().get("input_ids"))), rows, name);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isReadAsTransformersReadsIt(String name) throws IOException {
    JsonNode wanted = expected().get("cases").get(name);
    ModelFolder model = ModelFolder.open(ROOT.resolve(name));

    assertThat(model.config().tieWordEmbeddings()).isEqualTo(wanted.get("tied").asBoolean());
    requireLogits(model, wanted.get("logits"), name);
    String warnings = String.join("\n", model.warnings());
    wanted.get("ignored").forEach(key -> assertThat(warnings).contains(key.asText()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fullTuningTrainsAndWritesWhatIsThere(String name) throws IOException {
    JsonNode wanted = expected().get("cases").get(name);
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      ModelFolder model = ModelFolder.open(ROOT.resolve(name));
      TrainedModel.Assembly assembly =
          new TrainedModel.Assembly(
              model,
              TrainedModel.BaseWeights.PRETRAINED,
              Optional.empty(),
              Optional.empty(),
              42,
              true,
              LayerStorage.KEEP);
      try (TrainedModel opened = TrainedModel.open(runtime, assembly, 1, 1 << 20);
          MergedWeights weights = new MergedWeights(runtime, opened)) {
        assertThat(opened.parameters().contains("lm_head.weight"))
            .isEqualTo(!wanted.get("tied").asBoolean());
        new ModelExport(new LocalFileStore())
            .write(folder.toString(), model, weights, ModelExport.StorageType.FLOAT32);
      }
    }
    ModelFolder written = ModelFolder.open(folder);
    assertThat(written.warnings()).isEmpty();
    assertThat(JSON.readTree(folder.resolve("config.json").toFile()).get("tie_word_embeddings"))
        .isEqualTo(wanted.get("tied"));
    requireLogits(written, wanted.get("logits"), name);
  }

  @Test
  void whatIsIgnoredOrReadOtherwiseIsSaid() throws IOException {
    assertThat(warnings("tied-alike")).isEmpty();
    assertThat(warnings("swish")).isEmpty();
    assertThat(warnings("tied-differs"))
        .containsExactly(
            "lm_head.weight differs from model.embed_tokens.weight although config.json says"
                + " tie_word_embeddings true: both are used, as transformers uses them; set it to"
                + " false to silence this ("
                + ROOT.resolve("tied-differs")
                + ")");
    assertThat(warnings("tied-head-alone"))
        .containsExactly(
            "model.embed_tokens.weight is not stored: lm_head.weight, tied to it, is read for both"
                + " ("
                + ROOT.resolve("tied-head-alone")
                + ")");
    assertThat(warnings("extra"))
        .containsExactly(
            "3 stored tensors are not of LlamaForCausalLM with this config.json and are ignored:"
                + " model.layers.0.self_attn.q_proj.bias, model.layers.1.mlp.up_proj.weight,"
                + " visual.w ("
                + ROOT.resolve("extra")
                + ")");
    assertThat(warnings("stale-first"))
        .containsExactly(
            "model.norm.weight stands in model-00001-of-00002.safetensors,"
                + " model-00002-of-00002.safetensors: that of model-00002-of-00002.safetensors is"
                + " read, as transformers reads the last file's ("
                + ROOT.resolve("stale-first")
                + ")");
    assertThat(warnings("stale-last").get(0))
        .startsWith(
            "model.norm.weight stands in model-00001-of-00002.safetensors,"
                + " model-00002-of-00002.safetensors, and model.safetensors.index.json puts it in"
                + " model-00001-of-00002.safetensors: that of model-00002-of-00002.safetensors is"
                + " read");
  }

  private static List<String> warnings(String name) throws IOException {
    return ModelFolder.open(ROOT.resolve(name)).warnings();
  }

  @Test
  void newWeightsAreTiedAsTheConfigSays() throws IOException {
    ModelFolder model = ModelFolder.openFromScratch(ROOT.resolve("tied-differs"));
    assertThat(model.config().tieWordEmbeddings()).isTrue();
    assertThat(model.warnings()).isEmpty();
  }

  private void copy(String name) throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve(name))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, folder.resolve(file.getFileName().toString()));
      }
    }
  }

  private ObjectNode index() throws IOException {
    return (ObjectNode) JSON.readTree(folder.resolve("model.safetensors.index.json").toFile());
  }

  private void index(ObjectNode index) throws IOException {
    JSON.writeValue(folder.resolve("model.safetensors.index.json").toFile(), index);
  }

  @Test
  void absolutePathsThatLeadIntoTheFolderAreRead() throws IOException {
    copy("stale-first");
    ObjectNode index = index();
    ObjectNode map = (ObjectNode) index.get("weight_map");
    List<String> names = new ArrayList<>();
    map.fieldNames().forEachRemaining(names::add);
    names.forEach(name -> map.put(name, folder.resolve(map.get(name).asText()).toString()));
    index(index);

    requireLogits(ModelFolder.open(folder), expected().at("/cases/stale-first/logits"), "absolute");
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder);
    requireLogits(ModelFolder.open(link), expected().at("/cases/stale-first/logits"), "link");
  }

  @Test
  void linksOfACacheAreRead() throws IOException {
    copy("stale-first");
    Path blobs = Files.createDirectory(folder.resolve("blobs"));
    Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
    for (Path file : List.copyOf(Files.list(folder).filter(Files::isRegularFile).toList())) {
      Path blob = Files.move(file, blobs.resolve(file.getFileName()));
      Files.createSymbolicLink(snapshot.resolve(file.getFileName()), blob);
    }
    requireLogits(ModelFolder.open(snapshot), expected().at("/cases/stale-first/logits"), "cache");
  }

  @Test
  void anIndexThatNamesWhatIsNotThereIsRefused() throws IOException {
    copy("stale-last");
    ObjectNode index = index();
    ((ObjectNode) index.get("weight_map")).put("y", "model-00002-of-00002.safetensors");
    index(index);
    assertThatThrownBy(() -> ModelFolder.open(folder).openWeights())
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot read weights: "
                + folder.resolve("model-00002-of-00002.safetensors")
                + ": tensor y is listed in model.safetensors.index.json but not in the file"
                + " (model.path)");

    ((ObjectNode) index.get("weight_map")).put("y", "/nowhere/model-00002-of-00002.safetensors");
    index(index);
    assertThatThrownBy(() -> ModelFolder.open(folder).openWeights())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("is not a file name in the same folder");
  }

  @Test
  void twoTensorsOfOneNameAreRefused() throws IOException {
    copy("unnamed-base");
    Files.copy(
        ROOT.resolve("tied-alike/model.safetensors"),
        folder.resolve("model-00002-of-00002.safetensors"));
    Files.move(
        folder.resolve("model.safetensors"), folder.resolve("model-00001-of-00002.safetensors"));
    ObjectNode index = JSON.createObjectNode();
    index
        .putObject("weight_map")
        .put("norm.weight", "model-00001-of-00002.safetensors")
        .put("model.norm.weight", "model-00002-of-00002.safetensors");
    index(index);
    assertThatThrownBy(() -> ModelFolder.open(folder))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot load weights: ")
        .hasMessageContaining(" are both model.");
  }

  @Test
  void shardsWithoutAnIndexAreNoWeights() throws IOException {
    copy("stale-first");
    Files.delete(folder.resolve("model.safetensors.index.json"));
    assertThatThrownBy(() -> ModelFolder.open(folder).openWeights())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "no weights: neither model.safetensors nor model.safetensors.index.json");
  }

  @Test
  void inspectSeesTheTensorsThatAreUsed() throws IOException {
    try (SafetensorsReader reader = ModelFolder.open(ROOT.resolve("extra")).openWeights()) {
      assertThat(reader.tensors()).hasSize(11).doesNotContainKey("visual.w");
    }
  }
}
