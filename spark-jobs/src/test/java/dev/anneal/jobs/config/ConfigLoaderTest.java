package dev.anneal.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigObject;
import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.ConfigLoader;
import dev.anneal.core.config.KnownKeys;
import dev.anneal.core.config.LoadedConfig;
import dev.anneal.core.config.MethodKeys;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.config.Resume;
import dev.anneal.core.config.Synonyms;
import dev.anneal.core.config.TrainConfig;
import dev.anneal.core.config.TrainConfig.GroupByLength;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.peft.modules.LoraSettings;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
  @TempDir Path folder;

  @Test
  void referenceAndRecordsHaveTheSameKeys() {
    Set<String> inReference = new TreeSet<>();
    KnownKeys known = new KnownKeys(AnnealConfig.class);
    leaves("", ConfigLoader.reference().root(), known, inReference);
    Set<String> inRecords = new TreeSet<>(known.leaves());
    MethodKeys.all().forEach(key -> inRecords.remove("adapter." + key));
    assertThat(inReference).isEqualTo(inRecords);
  }

  private static void leaves(
      String prefix, ConfigObject object, KnownKeys known, Set<String> result) {
    object.forEach(
        (name, value) -> {
          if (known.isSection(prefix + name)) {
            leaves(prefix + name + ".", (ConfigObject) value, known, result);
          } else {
            result.add(prefix + name);
          }
        });
  }

  @Test
  void everySynonymPointsToAKnownKey() {
    assertThat(new KnownKeys(AnnealConfig.class).leaves()).containsAll(Synonyms.targets());
  }

  @Test
  void defaultsAreThoseOfTheDesign() {
    AnnealConfig config = AnnealConfig.of();
    assertThat(config.tokenize().blockSize()).isEqualTo(2048);
    assertThat(config.adapter().present()).isFalse();
    assertThat(config.train().learningRate()).isEqualTo(1e-5);
    assertThat(config.train().lrSchedulerType()).isEqualTo(TrainConfig.LrSchedulerType.COSINE);
    assertThat(config.train().seed()).isEqualTo(42);
    assertThat(config.train().warmupStepsOf(200)).isEqualTo(6);
    assertThat(config.train().perDeviceTrainBatchSize()).isEqualTo(8);
    assertThat(config.train().numTrainEpochs()).isEqualTo(3);
    assertThat(config.train().resumeFromCheckpoint().mode()).isEqualTo(Resume.Mode.NEVER);
    assertThat(config.distributed().port().any()).isTrue();
    assertThat(AnnealConfig.of("adapter.peft_type=lora").train().learningRate()).isEqualTo(1e-4);
  }

  @Test
  void packingGoesByTheStageUnlessItIsSet() {
    assertThat(packing()).isEqualTo(TokenizeConfig.Packing.NONE);
    assertThat(packing("tokenize.stage=sft")).isEqualTo(TokenizeConfig.Packing.BFD);
    assertThat(packing("stage=SFT")).isEqualTo(TokenizeConfig.Packing.BFD);
    assertThat(packing("tokenize.stage=sft", "tokenize.packing=none"))
        .isEqualTo(TokenizeConfig.Packing.NONE);
    assertThat(packing("tokenize.stage=sft", "neat_packing=false"))
        .isEqualTo(TokenizeConfig.Packing.NONE);
    assertThat(packing("tokenize.stage=sft", "tokenize.packing=null"))
        .isEqualTo(TokenizeConfig.Packing.BFD);
    LoadedConfig<AnnealConfig> loaded = AnnealConfig.loader().set("tokenize.stage=sft").load();
    assertThat(loaded.rendered()).as("the saved configuration").contains("packing=bfd");
  }

  @Test
  void groupingByLengthNeedsAShuffle() {
    assertThat(AnnealConfig.of().train().groupByLength()).isEqualTo(GroupByLength.AUTO);
    assertThat(AnnealConfig.of("train.shuffle=false").train().groupByLength())
        .isEqualTo(GroupByLength.AUTO);
    assertThat(AnnealConfig.of("train_sampling_strategy=group_by_length").train().groupByLength())
        .isEqualTo(GroupByLength.TRUE);
    assertThat(AnnealConfig.of("train.train_sampling_strategy=random").train().groupByLength())
        .isEqualTo(GroupByLength.FALSE);
    assertThatThrownBy(() -> AnnealConfig.of("train_sampling_strategy=sequential"))
        .hasMessageStartingWith(
            "Invalid train.group_by_length: \"sequential\" (must be one of auto, true, false");
    assertThatThrownBy(() -> AnnealConfig.of("train.shuffle=false", "train.group_by_length=true"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid train.group_by_length: true (must be auto or false with train.shuffle ="
                + " false, whose order is that of the rows)");
  }

  private static TokenizeConfig.Packing packing(String... settings) {
    return AnnealConfig.of(settings).tokenize().packing();
  }

  @Test
  void aLaterLayerWins() throws Exception {
    Path first = Files.writeString(folder.resolve("a b.conf"), "train { max_steps = 2, seed = 7 }");
    LoadedConfig<AnnealConfig> loaded =
        AnnealConfig.loader()
            .set("train.max_steps=4")
            .file(first)
            .file("second", "train.seed = 8\ntrain.logging_steps = 10")
            .preset("preset", "train { max_steps = 1, seed = 1, save_steps = 9 }")
            .load();
    TrainConfig train = loaded.config().train();
    assertThat(train.maxSteps()).isEqualTo(4);
    assertThat(train.seed()).isEqualTo(8);
    assertThat(train.saveSteps()).isEqualTo(9);
    assertThat(loaded.isSet("train.logging_steps")).isTrue();
    assertThat(loaded.isSet("train.eval_steps")).isFalse();
  }

  @Test
  void outputsAreAListOfFormatsEachOnce() {
    assertThat(AnnealConfig.of().tokenize().outputs()).containsExactly(TokenizeConfig.Output.ARROW);
    assertThat(AnnealConfig.of("tokenize.outputs=[mds, parquet]").tokenize().outputs())
        .containsExactly(TokenizeConfig.Output.MDS, TokenizeConfig.Output.PARQUET);
    assertThat(AnnealConfig.of("tokenize.outputs=megatron").tokenize().outputs())
        .containsExactly(TokenizeConfig.Output.MEGATRON);
    assertThatThrownBy(() -> AnnealConfig.of("tokenize.outputs=[]"))
        .hasMessageContaining("Invalid tokenize.outputs: [] (must name a format)");
    assertThatThrownBy(() -> AnnealConfig.of("tokenize.outputs=[mds, mds]"))
        .hasMessageContaining("Invalid tokenize.outputs: [mds, mds] (must name a format once)");
    assertThatThrownBy(() -> AnnealConfig.of("tokenize.outputs=[csv]"))
        .hasMessageContaining("tokenize.outputs[0]")
        .hasMessageContaining("arrow");
  }

  @Test
  void settingsOfAnAdapterNeedItsMethod() {
    String message =
        "Missing adapter.peft_type: adapter.r has no effect without it (set LORA for an adapter,"
            + " NONE to tune the model)";
    assertThatThrownBy(() -> AnnealConfig.of("adapter.r=4")).hasMessage(message);
    assertThatThrownBy(() -> AnnealConfig.of("lora_rank=4")).hasMessage(message);
    assertThat(AnnealConfig.of("adapter.r=4", "adapter.peft_type=NONE").adapter().present())
        .isFalse();
    assertThat(lora("adapter.r=4").r()).isEqualTo(4);
    assertThat(lora().r()).isEqualTo(8);
    assertThat(lora().loraAlpha()).isEqualTo(16);
    assertThat(lora().targetModules().entries()).containsExactly("all-linear");
  }

  private static LoraSettings lora(String... settings) {
    List<String> all = new ArrayList<>(List.of("adapter.peft_type=LORA"));
    all.addAll(List.of(settings));
    return lora(AnnealConfig.of(all.toArray(String[]::new)));
  }

  private static LoraSettings lora(AnnealConfig config) {
    return (LoraSettings) AdapterRegistry.create(config.adapter()).settings();
  }

  @Test
  void nullTakesTheDefaultBack() {
    LoadedConfig<AnnealConfig> loaded =
        AnnealConfig.loader()
            .preset("preset", "train.seed = 1, adapter { peft_type = LORA, r = 4 }")
            .set("train.seed=null")
            .set("adapter=null")
            .load();
    assertThat(loaded.config().train().seed()).isEqualTo(42);
    assertThat(loaded.config().adapter().present()).isFalse();
    assertThat(loaded.setKeys()).isEmpty();
  }

  @Test
  void unknownKeysNameTheNearestKnownOneAndWhereTheyStand() {
    assertThatThrownBy(() -> AnnealConfig.of("train.learning_rat=1", "trian.max_steps=2"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "Unknown key: train.learning_rat (did you mean train.learning_rate?; set in -s"
                + " train.learning_rat=1)")
        .hasMessageContaining("Unknown key: trian.max_steps (did you mean train.max_steps?");
    assertThatThrownBy(() -> AnnealConfig.of("learning_rate=1e-4"))
        .hasMessageContaining("did you mean train.learning_rate?");
    assertThatThrownBy(() -> AnnealConfig.of("trian.seed=1"))
        .hasMessageContaining("did you mean train.seed?");
    assertThatThrownBy(() -> AnnealConfig.loader().file("my.conf", "\nmodle { path = x }").load())
        .hasMessageContaining(
            "Unknown key: modle.path (did you mean model.path?; set in my.conf: 2");
    assertThatThrownBy(() -> AnnealConfig.of("tokenize.inputs=[{pth=/a}]"))
        .hasMessageContaining("Unknown key: tokenize.inputs[0].pth (did you mean path?");
  }

  @Test
  void aWrongTypeNamesKeyValueRuleAndOrigin() {
    assertThatThrownBy(() -> AnnealConfig.of("train.max_steps=many"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Invalid train.max_steps: \"many\" (must be a whole number; set in -s"
                + " train.max_steps=many)");
    assertThatThrownBy(() -> AnnealConfig.of("train.max_steps=1.5"))
        .hasMessageContaining("must be a whole number");
    assertThatThrownBy(() -> AnnealConfig.of("train.shuffle=perhaps"))
        .hasMessageContaining("Invalid train.shuffle: \"perhaps\" (must be true or false");
    assertThatThrownBy(() -> AnnealConfig.of("train.lr_scheduler_type=cosin"))
        .hasMessageContaining("must be one of linear, cosine, constant, constant_with_warmup");
    assertThatThrownBy(() -> AnnealConfig.of("train=5"))
        .hasMessageContaining("Invalid train: 5 (must be a section");
    assertThatThrownBy(() -> AnnealConfig.of("train.max_steps=[1]"))
        .hasMessageContaining("Invalid train.max_steps: [1] (must be a whole number");
    assertThatThrownBy(() -> lora("adapter.rank_pattern=4"))
        .hasMessageContaining("Invalid adapter.rank_pattern: 4 (must be { name = value, ... }");
  }

  @Test
  void aValueOutOfRangeNamesKeyAndRule() {
    assertThatThrownBy(() -> AnnealConfig.of("tokenize.block_size=0"))
        .hasMessage(
            "Invalid tokenize.block_size: 0 (must be >= 2: the first token of a row has no loss)");
    assertThatThrownBy(() -> AnnealConfig.of("distributed.zero_stage=3"))
        .hasMessage("Invalid distributed.zero_stage: 3 (must be in [0, 2])");
    assertThatThrownBy(() -> lora("adapter.lora_dropout=1"))
        .hasMessage("Invalid adapter.lora_dropout: 1 (must be in [0, 1))");
    assertThatThrownBy(() -> AnnealConfig.of("distributed.port=70000"))
        .hasMessageContaining("Invalid distributed.port: 70000 (must be 0, a port, or a range");
    assertThatThrownBy(() -> AnnealConfig.of("distributed.port=ssh"))
        .hasMessageContaining("Invalid distributed.port: ssh (must be 0, a port, or a range");
    assertThatThrownBy(() -> AnnealConfig.of().model().requirePath())
        .hasMessage("Missing model.path (set it with -s model.path=...)");
    assertThatThrownBy(() -> AnnealConfig.of().data().requireTrain())
        .hasMessage("Missing data.train (set it with -s data.train=...)");
  }

  @Test
  void readsInputsAsTextsAndAsObjects() {
    List<InputConfig> inputs =
        AnnealConfig.of(
                "tokenize.inputs=[s3a://b/x, {path = \"/a b.txt\", format = text, weight = 2}]")
            .tokenize()
            .inputs();
    assertThat(inputs).extracting(InputConfig::path).containsExactly("s3a://b/x", "/a b.txt");
    assertThat(inputs.get(1).format()).isEqualTo(InputConfig.Format.TEXT);
    assertThat(inputs.get(1).weight()).isEqualTo(2);
    assertThat(AnnealConfig.of("tokenize.inputs=/文/数据.jsonl").tokenize().inputs().get(0).path())
        .isEqualTo("/文/数据.jsonl");
    assertThatThrownBy(() -> AnnealConfig.of("tokenize.inputs=[{format=text}]"))
        .hasMessageContaining("each input must have a path, a table or a query");
  }

  @Test
  void mapsTakeNamesWithDots() {
    LoraSettings adapter =
        lora(
            "adapter.rank_pattern={model.layers.0.self_attn.q_proj = 4}",
            "adapter.alpha_pattern.\"layers.1.q_proj\"=0.5");
    assertThat(adapter.rankPattern()).isEqualTo(Map.of("model.layers.0.self_attn.q_proj", 4));
    assertThat(adapter.alphaPattern()).isEqualTo(Map.of("layers.1.q_proj", 0.5));
  }

  @Test
  void acceptsNamesOfOtherFrameworksAndSaysSo() {
    LoadedConfig<AnnealConfig> loaded =
        AnnealConfig.loader()
            .file("lf.conf", "cutoff_len = 512, lora_rank = 16, lora_target = \"q_proj, v_proj\"")
            .set("train.warmup_ratio=0.1")
            .set("finetuning_type=lora")
            .set("mask_history=true")
            .load();
    AnnealConfig config = loaded.config();
    assertThat(config.tokenize().blockSize()).isEqualTo(512);
    assertThat(config.tokenize().mask()).isEqualTo(TokenizeConfig.Mask.LAST_TURN);
    assertThat(config.adapter().peftType()).isEqualTo("LORA");
    assertThat(lora(config).r()).isEqualTo(16);
    assertThat(lora(config).targetModules().entries()).containsExactly("q_proj", "v_proj");
    assertThat(config.train().warmupSteps()).isEqualTo(0.1);
    assertThat(loaded.notices()).contains("config synonym=cutoff_len key=tokenize.block_size");
    assertThat(lora("lora_target=all").targetModules().entries()).containsExactly("all-linear");
    assertThatThrownBy(() -> AnnealConfig.loader().file("x", "lora_rank = 4, adapter.r = 8").load())
        .hasMessageContaining("given twice");
  }

  @Test
  void theRenderedConfigurationReadsBackTheSameAndHidesSecrets() {
    ConfigLoader<AnnealConfig> loader =
        AnnealConfig.loader()
            .set("data.train=[s3a://KEY:SECRET@bucket/x, /a path/中文]")
            .set("adapter.peft_type=LORA")
            .set("adapter.rank_pattern={\"a.b\" = 4}")
            .set("train.output_dir=/out #1 $x");
    LoadedConfig<AnnealConfig> loaded = loader.load();
    assertThat(loaded.rendered()).doesNotContain("SECRET").contains("s3a://(redacted)@bucket/x");
    LoadedConfig<AnnealConfig> again =
        AnnealConfig.loader().file("resolved", loaded.rendered()).load();
    assertThat(again.rendered()).isEqualTo(loaded.rendered());
    assertThat(again.config().train().outputDir()).isEqualTo("/out #1 $x");
    assertThat(Redaction.isSecret("fs.s3a.secret.key")).isTrue();
    assertThat(Redaction.isSecret("tokenize.eos_token")).isFalse();
  }

  @Test
  void filesResolveSubstitutionsAndIncludes() throws Exception {
    Files.writeString(folder.resolve("base.conf"), "model.path = /m");
    Path file =
        Files.writeString(
            folder.resolve("main.conf"),
            "include \"base.conf\"\n"
                + "tokenize.tokenizer = ${model.path}/tok\n"
                + "train.seed = ${generate.seed}");
    AnnealConfig config = AnnealConfig.loader().file(file).load().config();
    assertThat(config.tokenize().tokenizer()).isEqualTo("/m/tok");
    assertThat(config.train().seed()).isEqualTo(42);
    assertThatThrownBy(() -> AnnealConfig.loader().file("x", "model.path = ${nowhere}").load())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("Cannot read x");
  }

  @Test
  void unreadableFilesAreNamed() throws Exception {
    assertThatThrownBy(() -> AnnealConfig.loader().file(folder.resolve("none.conf")))
        .isInstanceOf(ConfigException.class)
        .hasMessageMatching("Cannot read .*none.conf: no such file");
    Path broken = Files.writeString(folder.resolve("broken.conf"), "train { max_steps = ");
    assertThatThrownBy(() -> AnnealConfig.loader().file(broken))
        .isInstanceOf(ConfigException.class)
        .hasMessageMatching("(?s)Cannot read .*broken.conf: .*");
  }

  @Test
  void travelsInAClosure() throws Exception {
    AnnealConfig config =
        AnnealConfig.of(
            "adapter.peft_type=LORA", "adapter.rank_pattern={q_proj=4}", "data.train=[a,b]");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(config);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(config);
    }
  }
}
