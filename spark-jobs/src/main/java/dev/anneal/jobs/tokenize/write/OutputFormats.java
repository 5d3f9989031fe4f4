package dev.anneal.jobs.tokenize.write;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.data.ShardColumns;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.shard.ArrowFormat;
import dev.anneal.data.shard.IdWidth;
import dev.anneal.data.shard.ShardFormat;
import dev.anneal.data.shard.datatrove.DatatroveFormat;
import dev.anneal.data.shard.mds.MdsFormat;
import dev.anneal.data.shard.megatron.MegatronFormat;
import dev.anneal.jobs.parquet.ParquetFormat;
import dev.anneal.jobs.tokenize.encode.EncoderPlan;
import java.util.ArrayList;
import java.util.List;

/** The formats that {@code tokenize.outputs} names. Stateless. */
public final class OutputFormats {
  private OutputFormats() {}

  /** Refuses, before any work, what a format cannot hold. */
  public static void require(TokenizeConfig config) {
    if (config.stage() == TokenizeConfig.Stage.SFT
        && config.outputs().contains(TokenizeConfig.Output.MEGATRON)) {
      throw new ConfigException(
          "Invalid tokenize.outputs: megatron (needs stage = pt: .bin and .idx hold ids alone, and"
              + " the targets of conversations would be lost; take datatrove, mds or parquet)");
    }
  }

  /** In the order of the settings. */
  static List<ShardFormat> of(TokenizeConfig config, EncoderPlan plan, ShardColumns columns) {
    IdWidth width = IdWidth.of(plan.vocabularySize());
    List<ShardFormat> formats = new ArrayList<>();
    for (TokenizeConfig.Output output : config.outputs()) {
      formats.add(
          switch (output) {
            case ARROW -> new ArrowFormat(columns);
            case PARQUET -> new ParquetFormat(columns);
            case MEGATRON -> new MegatronFormat(width);
            case DATATROVE -> new DatatroveFormat(width, columns.labels(), tokenizerName(config));
            case MDS -> new MdsFormat(columns, (long) config.shardMb() << 20);
          });
    }
    return formats;
  }

  /** The folder's own name: where it lies must not change what is written. */
  private static String tokenizerName(TokenizeConfig config) {
    String path = config.tokenizer().replaceAll("/+$", "");
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
