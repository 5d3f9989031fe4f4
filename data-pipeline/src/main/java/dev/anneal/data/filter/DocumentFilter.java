package dev.anneal.data.filter;

import dev.anneal.data.text.TextView;
import java.io.Serializable;
import java.util.Optional;

/**
 * Decides from a document's text alone whether it is left out. Immutable and thread-safe.
 *
 * <p>A new one is a file of its own, a name in this list, and a line in {@link FilterChain#of}.
 */
public sealed interface DocumentFilter extends Serializable
    permits LengthFilter,
        ScriptFilter,
        CharacterFilter,
        GopherQuality,
        GopherRepetition,
        C4Rules,
        LineRules {

  /** Why the document is left out, {@code filter.rule}; empty keeps it. */
  Optional<String> reject(TextView text);
}
