package dev.anneal.core.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.export.AdapterExport;
import dev.anneal.core.generate.GenerationSettings;
import dev.anneal.core.generate.TokenGenerator;
import dev.anneal.core.io.LocalFileStore;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.tensor.CounterRandom;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several adapters over one base give what each gives alone, bit for bit. */
class AdaptedModelsTest {
  // its embeddings are tied, its q, k and v have biases
  private static final ModelFolder MODEL =
      ModelFolder.open(Path.of("src/test/resources/parity/qwen2"));
  private static final int[] IDS = {5, 9, 30, 2, 17, 4};

  @TempDir private Path temporary;
  private TensorRuntime runtime;

  @BeforeEach
  void open() {
    runtime = TensorRuntime.open(Device.CPU);
    runtime.prepareThread(1);
  }

  @AfterEach
  void close() {
    runtime.close();
  }

  private Map<String, AdapterFolder> several() throws IOException {
    Map<String, AdapterFolder> folders = new LinkedHashMap<>();
    folders.put("law", adapter("law", "peft_type=LORA", "r=2"));
    folders.put(
        "code", adapter("code", "peft_type=LORA", "r=4", "target_modules=[v_proj, down_proj]"));
    folders.put("dora", adapter("dora", "peft_type=LORA", "use_dora=true"));
    folders.put("head", adapter("head", "peft_type=LORA", "modules_to_save=[lm_head]"));
    folders.put("biases", adapter("biases", "peft_type=LORA", "bias=all"));
    folders.put("factors", adapter("factors", "peft_type=IA3"));
    folders.put("prefix", adapter("prefix", "peft_type=PREFIX_TUNING", "num_virtual_tokens=3"));
    ModelFolder longer = MODEL.resizedTo(MODEL.config().vocabSize() + 3);
    folders.put(
        "words", adapter(longer, "words", "peft_type=LORA", "modules_to_save=[embed_tokens]"));
    folders.put("rows", adapter(longer, "rows", "peft_type=LORA"));
    return folders;
  }

  private AdapterFolder adapter(String name, String... settings) throws IOException {
    return adapter(MODEL, name, settings);
  }

  private AdapterFolder adapter(ModelFolder base, String name, String... settings)
      throws IOException {
    List<String> keys = new ArrayList<>();
    for (String setting : settings) {
      keys.add("adapter." + setting);
    }
    AdapterMethod method =
        AdapterRegistry.create(TrainingConfig.of(keys.toArray(String[]::new)).adapter());
    TrainedModel.Assembly assembly =
        new TrainedModel.Assembly(
            base,
            TrainedModel.BaseWeights.PRETRAINED,
            Optional.of(method),
            Optional.empty(),
            3,
            false,
            LayerStorage.KEEP);
    try (TrainedModel model = TrainedModel.open(runtime, assembly, 1, 1000)) {
      for (ParameterSpec spec : model.parameters().specs()) {
        CounterRandom random = CounterRandom.of(5, name + spec.name());
        float[] values = model.parameters().value(spec.name()).toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) (0.2 * random.gaussian(i));
        }
        try (Tensor filled = runtime.floats(values, spec.shape().toArray())) {
          model.tensors().copy(model.tensor(spec.name()), filled);
        }
      }
      Path folder = temporary.resolve(name);
      new AdapterExport(new LocalFileStore()).write(folder.toString(), method, model, "");
      return AdapterFolder.open(folder);
    }
  }

  private record Said(List<Float> logits, List<Integer> tokens) {}

  private static Said said(TrainedModel model) {
    MicroBatch batch = MicroBatch.of(List.of(new TokenRow(IDS, IDS, new int[] {IDS.length})), 0);
    List<Float> logits = new ArrayList<>();
    try (Tensor all = model.model().logits(batch, LongStream.range(0, IDS.length).toArray())) {
      for (float logit : all.toFloats()) {
        logits.add(logit);
      }
    }
    List<Integer> tokens = new ArrayList<>();
    TokenGenerator generator = new TokenGenerator(model.model(), model.config().vocabSize(), 2);
    for (int[] ids :
        generator.generate(
            List.of(IDS, new int[] {7, 8}), GenerationSettings.greedy(8, Set.of()))) {
      for (int id : ids) {
        tokens.add(id);
      }
    }
    return new Said(logits, tokens);
  }

  @Test
  void eachGivesWhatItGivesAlone() throws IOException {
    Map<String, AdapterFolder> folders = several();
    Map<String, Said> alone = new LinkedHashMap<>();
    try (TrainedModel bare = TrainedModel.forInference(runtime, MODEL, Optional.empty())) {
      alone.put(AdaptedModels.BARE, said(bare));
    }
    for (Map.Entry<String, AdapterFolder> folder : folders.entrySet()) {
      try (TrainedModel model =
          TrainedModel.forInference(runtime, MODEL, Optional.of(folder.getValue()))) {
        alone.put(folder.getKey(), said(model));
      }
    }
    assertThat(alone.values()).doesNotHaveDuplicates();
    try (AdaptedModels scoring = AdaptedModels.forInference(runtime, MODEL, folders);
        AdaptedModels generating = AdaptedModels.forGeneration(runtime, MODEL, folders)) {
      assertThat(scoring.names()).containsExactlyElementsOf(alone.keySet());
      List<String> there = new ArrayList<>(alone.keySet());
      List<String> andBack = new ArrayList<>(there);
      Collections.reverse(andBack);
      there.addAll(andBack);
      for (String name : there) {
        assertThat(said(scoring.model(name))).as(name).isEqualTo(alone.get(name));
        assertThat(said(generating.model(name))).as(name).isEqualTo(alone.get(name));
      }
    }
  }

  @Test
  void theBaseKeepsItsBytes() throws IOException {
    Map<String, AdapterFolder> two =
        Map.of(
            "law", adapter("law", "peft_type=LORA", "r=2"),
            "dora", adapter("dora", "peft_type=LORA", "use_dora=true"));
    try (AdaptedModels models = AdaptedModels.forInference(runtime, MODEL, two);
        TrainedModel bare = TrainedModel.forInference(runtime, MODEL, Optional.empty())) {
      models.names().forEach(name -> said(models.model(name)));
      new DecoderLayout(MODEL.config())
          .weights()
          .forEach(
              (name, shape) -> {
                try (Tensor used = models.model("law").weights().open(name, shape.toArray());
                    Tensor stored = bare.weights().open(name, shape.toArray())) {
                  assertThat(used.toFloats()).as(name).isEqualTo(stored.toFloats());
                }
              });
    }
  }

  @Test
  void nothingStaysOpen() throws IOException {
    Map<String, AdapterFolder> folders =
        Map.of(
            "dora", adapter("dora", "peft_type=LORA", "use_dora=true"),
            "head", adapter("head", "peft_type=LORA", "modules_to_save=[lm_head]"),
            "rows",
                adapter(MODEL.resizedTo(MODEL.config().vocabSize() + 3), "rows", "peft_type=LORA"));
    long before = runtime.liveTensors();
    try (AdaptedModels models = AdaptedModels.forGeneration(runtime, MODEL, folders)) {
      models.names().forEach(name -> said(models.model(name)));
      long after = runtime.liveTensors();
      models.names().forEach(name -> said(models.model(name)));
      assertThat(runtime.liveTensors()).isEqualTo(after);
    }
    assertThat(runtime.liveTensors()).isEqualTo(before);
  }

  @Test
  void namesWhatDoesNotFit() throws IOException {
    AdapterFolder law = adapter("law", "peft_type=LORA", "r=2");
    try (AdaptedModels models = AdaptedModels.forInference(runtime, MODEL, Map.of("law", law))) {
      assertThatThrownBy(() -> models.model("code"))
          .isInstanceOf(ConfigException.class)
          .hasMessage("Unknown adapter: code (there are none, law)");
    }
    ModelFolder other = ModelFolder.open(Path.of("src/test/resources/parity/llama"));
    assertThatThrownBy(() -> AdaptedModels.forInference(runtime, other, Map.of("law", law)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot open law: Cannot load adapter " + temporary);
    assertThatThrownBy(() -> AdaptedModels.forInference(runtime, MODEL, Map.of("none", law)))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid name of an adapter: none (none is the bare model)");
  }
}
