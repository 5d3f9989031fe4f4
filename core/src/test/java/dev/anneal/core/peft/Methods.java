package dev.anneal.core.peft;

import dev.anneal.core.config.TrainingConfig;
import java.util.stream.Stream;

/** Methods as settings make them. */
public final class Methods {
  private Methods() {}

  /** Settings without their section: {@code "r=4"}. */
  public static AdapterMethod of(String peftType, String... settings) {
    String[] all =
        Stream.concat(Stream.of("peft_type=" + peftType), Stream.of(settings))
            .map(setting -> "adapter." + setting)
            .toArray(String[]::new);
    return AdapterRegistry.create(TrainingConfig.of(all).adapter());
  }

  public static Lora lora(String... settings) {
    return (Lora) of("LORA", settings);
  }
}
