package dev.anneal.data.filter;

import dev.anneal.data.config.CharacterFilterConfig;
import dev.anneal.data.config.FilterConfig;
import dev.anneal.data.text.TextView;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The filters that are switched on, asked in a fixed order. Immutable and thread-safe. */
public final class FilterChain implements Serializable {
  private static final long serialVersionUID = 1L;

  private final List<DocumentFilter> filters;

  private FilterChain(List<DocumentFilter> filters) {
    this.filters = List.copyOf(filters);
  }

  /** The filters of a configuration, cheap ones first. */
  public static FilterChain of(FilterConfig config) {
    List<DocumentFilter> filters = new ArrayList<>();
    add(filters, LengthFilter.bounds(config.length()), new LengthFilter(config.length()));
    add(filters, !config.script().names().isEmpty(), new ScriptFilter(config.script()));
    boolean characters = !config.characters().equals(CharacterFilterConfig.OFF);
    add(filters, characters, new CharacterFilter(config.characters()));
    add(filters, config.gopherQuality().enabled(), new GopherQuality(config.gopherQuality()));
    add(
        filters,
        config.gopherRepetition().enabled(),
        new GopherRepetition(config.gopherRepetition()));
    add(filters, config.c4().enabled(), new C4Rules(config.c4()));
    add(filters, config.lines().enabled(), new LineRules(config.lines()));
    return new FilterChain(filters);
  }

  private static void add(List<DocumentFilter> filters, boolean on, DocumentFilter filter) {
    if (on) {
      filters.add(filter);
    }
  }

  /** No filter. */
  public static FilterChain none() {
    return new FilterChain(List.of());
  }

  public boolean isEmpty() {
    return filters.isEmpty();
  }

  /** The first reason to leave a document out; empty keeps it. */
  public Optional<String> reject(String text) {
    TextView view = new TextView(text);
    for (DocumentFilter filter : filters) {
      Optional<String> reason = filter.reject(view);
      if (reason.isPresent()) {
        return reason;
      }
    }
    return Optional.empty();
  }
}
