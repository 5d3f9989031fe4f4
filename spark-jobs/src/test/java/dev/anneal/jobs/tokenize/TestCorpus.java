package dev.anneal.jobs.tokenize;

import dev.anneal.core.config.DecontaminateConfig;
import dev.anneal.core.config.DedupConfig;
import dev.anneal.core.config.FilterConfig;
import dev.anneal.core.config.InputConfig;
import dev.anneal.core.config.MixingConfig;
import dev.anneal.core.config.ShuffleConfig;
import dev.anneal.core.config.SplitConfig;
import dev.anneal.core.config.TokenizeConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Settings of tokenize runs, changed one by one. Confined to one test. */
final class TestCorpus {
  static final Path TOKENIZER =
      Path.of("..", "data-pipeline", "src", "test", "resources", "text", "chatml-tokenizer");

  String tokenizer = TOKENIZER.toString();
  TokenizeConfig.Stage stage = TokenizeConfig.Stage.PT;
  final List<InputConfig> inputs = new ArrayList<>();
  int blockSize = 16;
  TokenizeConfig.Packing packing = TokenizeConfig.Packing.NONE;
  TokenizeConfig.Overlong overlong = TokenizeConfig.Overlong.TRUNCATE;
  TokenizeConfig.Tail tail = TokenizeConfig.Tail.KEEP;
  String eosToken = "";
  String chatTemplate = "";
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

  TestCorpus(Path output) {
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

  TokenizeConfig config() {
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
