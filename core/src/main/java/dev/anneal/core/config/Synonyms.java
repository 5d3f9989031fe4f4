package dev.anneal.core.config;

import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Names that LLaMA-Factory, TRL and Axolotl use for keys of ours. */
public final class Synonyms {
  /** Our key for a foreign one, with what their value means here. */
  record Target(String key, UnaryOperator<Object> meaning) {
    ConfigValue translate(ConfigValue value) {
      return ConfigValueFactory.fromAnyRef(
          meaning.apply(value.unwrapped()), value.origin().description());
    }
  }

  private static final Map<String, Target> BY_NAME =
      Map.ofEntries(
          same("cutoff_len", "tokenize.block_size"),
          same("max_length", "tokenize.block_size"),
          same("max_seq_length", "tokenize.block_size"),
          same("sequence_len", "tokenize.block_size"),
          same("stage", "tokenize.stage"),
          meaning("neat_packing", "tokenize.packing", on -> isTrue(on) ? "bfd" : "none"),
          meaning("sample_packing", "tokenize.packing", on -> isTrue(on) ? "bfd" : "none"),
          meaning("train_on_prompt", "tokenize.mask", Synonyms::promptMask),
          meaning("train_on_inputs", "tokenize.mask", Synonyms::promptMask),
          meaning("mask_history", "tokenize.mask", on -> isTrue(on) ? "last_turn" : "all_turns"),
          same("model_name_or_path", "model.path"),
          same("base_model", "model.path"),
          same("adapter_name_or_path", "adapter.path"),
          meaning("finetuning_type", "adapter.peft_type", Synonyms::peftType),
          same("lora_rank", "adapter.r"),
          same("lora_r", "adapter.r"),
          meaning("lora_target", "adapter.target_modules", Synonyms::modules),
          meaning("lora_target_modules", "adapter.target_modules", Synonyms::modules),
          meaning("additional_target", "adapter.modules_to_save", Synonyms::modules),
          same("micro_batch_size", "train.per_device_train_batch_size"),
          same("num_epochs", "train.num_train_epochs"),
          same("lr_scheduler", "train.lr_scheduler_type"),
          meaning("train_sampling_strategy", "train.group_by_length", Synonyms::sampling),
          same("warmup_ratio", "train.warmup_steps"),
          same("neftune_alpha", "train.neftune_noise_alpha"),
          meaning("optim", "optimizer.name", Synonyms::optimizer),
          same("adam_beta1", "optimizer.adam_beta1"),
          same("adam_beta2", "optimizer.adam_beta2"),
          same("adam_epsilon", "optimizer.adam_epsilon"));

  private Synonyms() {}

  /** Our key for a name that stands alone or in any known section. */
  static Optional<Target> find(String path, KnownKeys known) {
    int dot = path.lastIndexOf('.');
    if (dot >= 0 && !known.isSection(path.substring(0, dot))) {
      return Optional.empty();
    }
    return Optional.ofNullable(BY_NAME.get(path.substring(dot + 1)));
  }

  /** For the test that every target exists. */
  public static List<String> targets() {
    return BY_NAME.values().stream().map(Target::key).toList();
  }

  private static Map.Entry<String, Target> same(String name, String key) {
    return meaning(name, key, UnaryOperator.identity());
  }

  private static Map.Entry<String, Target> meaning(
      String name, String key, UnaryOperator<Object> meaning) {
    return Map.entry(name, new Target(key, meaning));
  }

  private static boolean isTrue(Object value) {
    return "true".equalsIgnoreCase(String.valueOf(value));
  }

  private static Object promptMask(Object value) {
    return isTrue(value) ? "train_on_prompt" : "all_turns";
  }

  /** What else they may ask for, as sequential, is another key here: shuffle. */
  private static Object sampling(Object value) {
    return switch (String.valueOf(value)) {
      case "group_by_length" -> true;
      case "random" -> false;
      default -> value;
    };
  }

  private static Object peftType(Object value) {
    return "full".equalsIgnoreCase(String.valueOf(value)) ? "NONE" : value;
  }

  private static Object optimizer(Object value) {
    return String.valueOf(value).startsWith("adamw_torch") ? "adamw" : value;
  }

  /** A text of names with commas, where "all" is every linear layer. */
  private static Object modules(Object value) {
    if (!(value instanceof String text)) {
      return value;
    }
    return Arrays.stream(text.split(","))
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .map(name -> name.equals("all") ? AdapterConfig.ALL_LINEAR : name)
        .collect(Collectors.toList());
  }
}
