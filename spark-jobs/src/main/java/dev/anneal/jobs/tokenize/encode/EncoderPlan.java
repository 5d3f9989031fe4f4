package dev.anneal.jobs.tokenize.encode;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.config.Redaction;
import dev.anneal.core.config.TemplateDate;
import dev.anneal.data.chat.ChatTemplate;
import dev.anneal.data.chat.ChatTemplates;
import dev.anneal.data.config.InputConfig;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.pack.RowPacker;
import dev.anneal.data.sft.LossMask;
import dev.anneal.data.sft.MaskTotals;
import dev.anneal.data.sft.Overlong;
import dev.anneal.data.sft.SftEncoder;
import dev.anneal.data.sft.SftOptions;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.jobs.io.HadoopFileStore;
import dev.anneal.jobs.tokenize.tally.PhaseClock;
import dev.anneal.jobs.tokenize.tally.SkipReason;
import dev.anneal.jobs.tokenize.tally.SplitCounts;
import dev.anneal.jobs.tokenizer.OpenTokenizers;
import java.io.Serializable;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How rows become tokens: decided and checked on the driver, carried out on executors.
 *
 * @param tokenizerHash content hash of the tokenizer's files
 * @param vocabularySize one more than its largest id
 * @param template Jinja source of the chat template; empty for documents
 * @param date what the template tells as the date; empty for one that tells none
 * @param templateHash hash of the template with its special tokens; empty for documents
 * @param eosId ends a document; -1 for conversations
 */
public record EncoderPlan(
    TokenizeConfig config,
    String tokenizerHash,
    int vocabularySize,
    String template,
    String date,
    String templateHash,
    int eosId)
    implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(EncoderPlan.class);

  /** Checks that the tokenizer has what the stage needs; {@link ConfigException} names the key. */
  public static EncoderPlan of(TokenizeConfig config, TokenizerFolder folder, Tokenizer tokenizer) {
    return switch (config.stage()) {
      case PT -> documents(config, folder, tokenizer);
      case SFT -> conversations(config, folder, tokenizer);
    };
  }

  private static EncoderPlan documents(
      TokenizeConfig config, TokenizerFolder folder, Tokenizer tokenizer) {
    if (config.packing() != TokenizeConfig.Packing.NONE) {
      throw new ConfigException(
          "Invalid tokenize.packing: "
              + lower(config.packing())
              + " (must be none with stage = pt, which fills every block)");
    }
    warnOfDate(config, "documents have no chat template");
    int eosId = eosId(config, folder, tokenizer);
    return new EncoderPlan(
        config, folder.contentHash(), tokenizer.vocabularySize(), "", "", "", eosId);
  }

  private static EncoderPlan conversations(
      TokenizeConfig config, TokenizerFolder folder, Tokenizer tokenizer) {
    if (config.splitSpecialTokens()) {
      throw new ConfigException(
          "Invalid tokenize.split_special_tokens: true (must be false with stage = sft, whose chat"
              + " template writes special tokens)");
    }
    if (folder.splitsSpecialTokens()) {
      throw new ConfigException(
          "Unsupported split_special_tokens in tokenizer_config.json of "
              + folder.name()
              + ": true (must be false with stage = sft, whose chat template writes special"
              + " tokens)");
    }
    for (InputConfig input : config.inputs()) {
      boolean plain =
          input.format() == InputConfig.Format.TEXT
              || input.format() == InputConfig.Format.LINES
              || input.datasetFormat() == InputConfig.DatasetFormat.TEXT;
      if (plain) {
        throw new ConfigException(
            "Invalid tokenize.stage: sft ("
                + input.source()
                + " is plain text, not conversations)");
      }
    }
    ChatTemplate template =
        config.chatTemplate().isEmpty()
            ? ChatTemplates.ofTokenizer(folder)
            : ChatTemplates.named(config.chatTemplate(), folder, HadoopFileStore.ofEnvironment());
    if (!template.tellsDate()) {
      warnOfDate(config, "the chat template does not call strftime_now");
    }
    return new EncoderPlan(
        config,
        folder.contentHash(),
        tokenizer.vocabularySize(),
        template.source(),
        template.tellsDate() ? date(config) : "",
        template.contentHash(),
        -1);
  }

  private static void warnOfDate(TokenizeConfig config, String reason) {
    if (!config.date().isEmpty()) {
      LOG.warn("tokenize.date = {} has no effect: {}", config.date(), reason);
    }
  }

  private static String date(TokenizeConfig config) {
    return config.date().isEmpty() ? TemplateDate.now().toString() : config.date();
  }

  /** Whether its date is the time at which it was made, so that another may take its place. */
  public boolean datesItself() {
    return !date.isEmpty() && config.date().isEmpty();
  }

  /** The same with the date of an earlier run. */
  public EncoderPlan withDate(String other) {
    return new EncoderPlan(
        config, tokenizerHash, vocabularySize, template, other, templateHash, eosId);
  }

  /** The template over the variables of the tokenizer's folder. */
  public ChatTemplate chatTemplate(TokenizerFolder folder) {
    ChatTemplate parsed = ChatTemplates.parse(template, folder);
    return date.isEmpty() ? parsed : parsed.withClock(TemplateDate.of(date).clock());
  }

  private static int eosId(TokenizeConfig config, TokenizerFolder folder, Tokenizer tokenizer) {
    boolean own = config.eosToken().isEmpty();
    String eos = own ? folder.requireEosToken() : config.eosToken();
    Optional<Integer> id = tokenizer.tokenId(eos);
    if (id.isEmpty()) {
      throw new ConfigException(
          "Invalid tokenize.eos_token: " + eos + " (no token of " + config.tokenizer() + ")");
    }
    if (own && folder.chatTemplate().filter(template -> template.contains(eos)).isPresent()) {
      LOG.warn(
          "tokenizer {} ends documents with {}, which its chat template writes after a turn;"
              + " set tokenize.eos_token to the end-of-text token of the base model if it has one",
          Redaction.text(config.tokenizer()),
          eos);
    }
    return id.get();
  }

  public SpecialTokens specialTokens() {
    return config.splitSpecialTokens() ? SpecialTokens.SPLIT : SpecialTokens.MATCHED;
  }

  /** Whether samples carry labels of their own. */
  public boolean hasLabels() {
    return config.stage() == TokenizeConfig.Stage.SFT;
  }

  public RowEncoder encoder(InputConfig input, OpenTokenizers.Lease lease, PhaseClock clock) {
    if (!hasLabels()) {
      String field = input.columns().getOrDefault("text", "text");
      return new DocumentEncoder(lease.tokenizer(), lease.utf8Encoder(), eosId, field, clock);
    }
    ChatTemplate parsed = chatTemplate(lease.folder());
    return new ConversationEncoder(new SftEncoder(lease.tokenizer(), parsed, sftOptions()), input);
  }

  public SftOptions sftOptions() {
    // A packer that splits long samples must get them whole.
    boolean splits = RowPacker.of(config.packing(), config.blockSize()).splitsLongSamples();
    return new SftOptions(
        splits ? Integer.MAX_VALUE : config.blockSize(),
        mask(),
        Overlong.of(lower(config.overlong())));
  }

  /** Refuses a set of samples in which nothing, or everything, is a target. */
  public void requireMask(SplitCounts counts) {
    if (hasLabels()) {
      long predicted = counts.tokens() - counts.samples();
      long rows = counts.samples() + counts.skipped(SkipReason.NO_TARGET);
      new MaskTotals(rows, predicted, counts.targets()).require(mask());
    }
  }

  private LossMask mask() {
    return LossMask.of(lower(config.mask()));
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
