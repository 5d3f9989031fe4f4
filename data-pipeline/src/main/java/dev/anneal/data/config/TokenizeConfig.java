package dev.anneal.data.config;

import dev.anneal.core.config.Rule;
import dev.anneal.core.config.TemplateDate;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * How documents become token rows. Immutable.
 *
 * @param tokenizer folder with tokenizer.json
 * @param blockSize most tokens of a row
 * @param packing how short rows share a block; the loader has put in what {@code auto} means
 * @param chatTemplate empty takes the tokenizer's own; else a built-in name or a Jinja file
 * @param date what {@code strftime_now} of the template tells; empty for the time of the run
 * @param eosToken empty takes the tokenizer's own
 * @param attentionMask write the column too
 * @param splitSpecialTokens tokenize special-token strings in text as plain text
 * @param shardMb size of a shard file
 * @param maxBadRatio share of rows that may be quarantined before the job fails
 * @param keepNulls whether null fields of nested objects of tables stay
 * @param filters which documents are left out for what they hold
 * @param dedup which repeated documents are left out
 * @param decontaminate which documents are left out for what evaluation sets hold
 * @param split shares of documents that go to sets of their own
 * @param mixing what the inputs' weights mean
 * @param shuffle order of the documents
 * @param output folder to write
 * @param outputs the formats to write there, in one run and under one manifest
 */
public record TokenizeConfig(
    String tokenizer,
    Stage stage,
    List<InputConfig> inputs,
    int blockSize,
    Packing packing,
    Mask mask,
    Overlong overlong,
    Tail tail,
    String chatTemplate,
    String date,
    String eosToken,
    boolean attentionMask,
    boolean splitSpecialTokens,
    int shardMb,
    double maxBadRatio,
    boolean keepNulls,
    FilterConfig filters,
    DedupConfig dedup,
    DecontaminateConfig decontaminate,
    SplitConfig split,
    MixingConfig mixing,
    ShuffleConfig shuffle,
    String output,
    List<Output> outputs)
    implements Serializable {

  /** Continued pretraining on documents, or supervised fine-tuning on conversations. */
  public enum Stage {
    PT,
    SFT
  }

  /** How short rows share a block. */
  public enum Packing {
    NONE,
    BFD,
    BFD_SPLIT,
    WRAPPED
  }

  /** Which tokens of a conversation have a loss. */
  public enum Mask {
    ALL_TURNS,
    LAST_TURN,
    TRAIN_ON_PROMPT
  }

  /** What happens to a conversation longer than a block. */
  public enum Overlong {
    TRUNCATE,
    DROP,
    ERROR
  }

  /** What happens to the last short block of the documents. */
  public enum Tail {
    KEEP,
    DROP
  }

  /** A form in which tokens are written. */
  public enum Output {
    ARROW,
    PARQUET,
    MEGATRON,
    DATATROVE,
    MDS
  }

  public TokenizeConfig {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    date = date.isEmpty() ? date : TemplateDate.parse("tokenize.date", date).toString();
    String named = outputs.toString().toLowerCase(Locale.ROOT);
    Rule.check(!outputs.isEmpty(), "tokenize.outputs", named, "must name a format");
    Rule.check(
        Set.copyOf(outputs).size() == outputs.size(),
        "tokenize.outputs",
        named,
        "must name a format once");
    Rule.check(
        blockSize >= 2,
        "tokenize.block_size",
        blockSize,
        "must be >= 2: the first token of a row has no loss");
    Rule.positive("tokenize.shard_mb", shardMb);
    Rule.between("tokenize.max_bad_ratio", maxBadRatio, 0, 1);
  }

  /** The tokenizer folder, or the error that names the missing key. */
  public String requireTokenizer() {
    return Rule.required("tokenize.tokenizer", tokenizer);
  }

  /** The inputs, or the error that names the missing key. */
  public List<InputConfig> requireInputs() {
    Rule.required("tokenize.inputs", inputs.isEmpty() ? "" : "present");
    return inputs;
  }

  /** The output folder, or the error that names the missing key. */
  public String requireOutput() {
    return Rule.required("tokenize.output", output);
  }

  /** The same settings with another folder to write. */
  public TokenizeConfig withOutput(String folder) {
    return with(folder, date);
  }

  /** The same settings with a date for the chat template. */
  public TokenizeConfig withDate(TemplateDate other) {
    return with(output, other.toString());
  }

  private TokenizeConfig with(String folder, String dated) {
    return new TokenizeConfig(
        tokenizer,
        stage,
        inputs,
        blockSize,
        packing,
        mask,
        overlong,
        tail,
        chatTemplate,
        dated,
        eosToken,
        attentionMask,
        splitSpecialTokens,
        shardMb,
        maxBadRatio,
        keepNulls,
        filters,
        dedup,
        decontaminate,
        split,
        mixing,
        shuffle,
        folder,
        outputs);
  }
}
