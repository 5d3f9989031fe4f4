package dev.anneal.data.sft;

import dev.anneal.data.chat.ChatMessage;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The names inside messages: which field has the speaker, which one the words, and what the
 * speakers are called. The settings have LLaMA-Factory's names ({@code role_tag}, {@code user_tag},
 * ...). Immutable.
 */
record SpeakerTags(Map<String, String> columns) {
  /** The role of what an assistant calls, in place of words. */
  static final String FUNCTION_CALL = "function_call";

  static final String TOOL = "tool";

  private static final Map<String, String> ROLE_BY_TAG =
      Map.of(
          "user_tag", ChatMessage.USER,
          "assistant_tag", ChatMessage.ASSISTANT,
          "system_tag", ChatMessage.SYSTEM,
          "observation_tag", TOOL,
          "function_tag", FUNCTION_CALL);

  private static final Map<String, List<String>> SPEAKERS =
      Map.of(
          ChatMessage.USER,
          List.of("human", "user"),
          ChatMessage.ASSISTANT,
          List.of("gpt", "assistant", "chatgpt", "bing", "bard", "model"),
          ChatMessage.SYSTEM,
          List.of("system"),
          TOOL,
          List.of("tool", "observation", "function_response", "tool_response"),
          FUNCTION_CALL,
          List.of(FUNCTION_CALL, "tool_call"));

  String roleField(String usual) {
    return columns.getOrDefault("role_tag", usual);
  }

  String contentField(String usual) {
    return columns.getOrDefault("content_tag", usual);
  }

  /** The role of a speaker whom the settings name. */
  Optional<String> configured(String speaker) {
    return ROLE_BY_TAG.entrySet().stream()
        .filter(tag -> speaker.equals(columns.get(tag.getKey())))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /** The role of a speaker: as the settings name it, or by one of its usual names. */
  Optional<String> role(String speaker) {
    return configured(speaker)
        .or(
            () ->
                SPEAKERS.entrySet().stream()
                    .filter(role -> role.getValue().contains(speaker))
                    .map(Map.Entry::getKey)
                    .findFirst());
  }
}
