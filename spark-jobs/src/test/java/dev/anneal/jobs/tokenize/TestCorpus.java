package dev.anneal.jobs.tokenize;

import dev.anneal.data.config.DecontaminateConfig;
import dev.anneal.data.config.DedupConfig;
import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.MixingConfig;
import dev.anneal.data.config.ShuffleConfig;
import dev.anneal.data.config.SplitConfig;
import dev.anneal.data.config.TokenizeConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Settings of tokenize runs, changed one by one. Confined to one test. */
public final class TestCorpus {
  public static final Path TOKENIZER =
      Path.of("..", "data-pipeline", "src", "test", "resources", "text", "chatml-tokenizer");

  String tokenizer = TOKENIZER.toString();
  public TokenizeConfig.Stage stage = TokenizeConfig.Stage.PT;
  final List<InputConfig> inputs = new ArrayList<>();
  int blockSize = 16;
  TokenizeConfig.Packing packing = TokenizeConfig.Packing.NONE;
  TokenizeConfig.Overlong overlong = TokenizeConfig.Overlong.TRUNCATE;
  TokenizeConfig.Tail tail = TokenizeConfig.Tail.KEEP;
  String eosToken = "";
  public String chatTemplate = "";
  String date = "";
  boolean attentionMask = false;
  double maxBadRatio = 0;
  boolean keepNulls = false;
  List<TokenizeConfig.Output> outputs = List.of(TokenizeConfig.Output.ARROW);
  FilterConfig filters = FilterConfig.OFF;
  DedupConfig dedup = DedupConfig.OFF;
  DecontaminateConfig decontaminate = DecontaminateConfig.OFF;
  SplitConfig split = SplitConfig.OFF;
  MixingConfig mixing = MixingConfig.OFF;
  ShuffleConfig shuffle = ShuffleConfig.OFF;
  final Path output;

  public TestCorpus(Path output) {
    this.output = output;
  }

  TestCorpus input(Path path) {
    return input(path, InputConfig.Format.AUTO, 1, Map.of());
  }

  TestCorpus input(
      Path path, InputConfig.Format format, double weight, Map<String, String> columns) {
    inputs.add(
        new InputConfig(
            path.toString(), "", "", format, InputConfig.DatasetFormat.AUTO, weight, columns));
    return this;
  }

  public TokenizeConfig config() {
    return new TokenizeConfig(
        tokenizer,
        stage,
        inputs,
        blockSize,
        packing,
        TokenizeConfig.Mask.ALL_TURNS,
        overlong,
        tail,
        chatTemplate,
        date,
        eosToken,
        attentionMask,
        false,
        1,
        maxBadRatio,
        keepNulls,
        filters,
        dedup,
        decontaminate,
        split,
        mixing,
        shuffle,
        output.toString(),
        outputs);
  }
}
