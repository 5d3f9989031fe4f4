package dev.anneal.jobs.tokenizer;

import dev.anneal.core.io.LocalFileStore;
import dev.anneal.data.config.TokenizeConfig;
import dev.anneal.data.tokenize.SpecialTokens;
import dev.anneal.data.tokenize.TokenNames;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.Utf8Encoder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The tokenizers of this process: Spark runs many tasks in one executor, and opening one takes as
 * long as a small split. A tokenizer stays open after its last task until another kind is asked
 * for, so an executor holds one. Thread-safe.
 */
public final class OpenTokenizers {
  // The one place where tasks of an executor meet: Spark offers no scope of that length.
  private static final OpenTokenizers OF_PROCESS = new OpenTokenizers();

  private final Map<Key, Entry> open = new HashMap<>();

  private OpenTokenizers() {}

  public static OpenTokenizers ofProcess() {
    return OF_PROCESS;
  }

  private record Key(String hash, SpecialTokens specialTokens) {}

  private static final class Entry {
    private final TokenizerFolder folder;
    private final Tokenizer tokenizer;
    private final Deque<Utf8Encoder> idleEncoders = new ArrayDeque<>();
    private Optional<TokenNames> names = Optional.empty();
    private int users;

    Entry(TokenizerFolder folder, Tokenizer tokenizer) {
      this.folder = folder;
      this.tokenizer = tokenizer;
    }
  }

  /** Lends the tokenizer made of the files; give it back by closing the lease. */
  public synchronized Lease acquire(
      String hash, SpecialTokens specialTokens, Supplier<TokenizerFiles> files) throws IOException {
    Key key = new Key(hash, specialTokens);
    Entry entry = open.get(key);
    if (entry == null) {
      closeIdle();
      entry = open(files.get(), specialTokens);
      open.put(key, entry);
    }
    entry.users++;
    return new Lease(entry);
  }

  /** As {@link #acquire}, reading the hash from the files. */
  public Lease open(TokenizeConfig config, TokenizerFiles files) throws IOException {
    SpecialTokens specialTokens =
        config.splitSpecialTokens() ? SpecialTokens.SPLIT : SpecialTokens.MATCHED;
    return acquire(files.contentHash(), specialTokens, () -> files);
  }

  private static Entry open(TokenizerFiles files, SpecialTokens specialTokens) throws IOException {
    Path path = files.unpack();
    try {
      TokenizerFolder folder = TokenizerFolder.open(path, files.folder());
      return new Entry(folder, Tokenizers.open(folder, specialTokens));
    } finally {
      new LocalFileStore().delete(path.toString());
    }
  }

  private void closeIdle() {
    Iterator<Entry> entries = open.values().iterator();
    while (entries.hasNext()) {
      Entry entry = entries.next();
      if (entry.users == 0) {
        entries.remove();
        entry.tokenizer.close();
      }
    }
  }

  /** How many leases are out. */
  public synchronized int leases() {
    return open.values().stream().mapToInt(entry -> entry.users).sum();
  }

  private synchronized Utf8Encoder takeEncoder(Entry entry) {
    Utf8Encoder idle = entry.idleEncoders.poll();
    return idle == null ? entry.tokenizer.utf8Encoder() : idle;
  }

  private synchronized void release(Entry entry, Optional<Utf8Encoder> encoder) {
    entry.users--;
    encoder.ifPresent(entry.idleEncoders::push);
  }

  /** A borrowed tokenizer. Close once. */
  public final class Lease implements AutoCloseable {
    private final Entry entry;
    private Optional<Utf8Encoder> encoder = Optional.empty();

    private Lease(Entry entry) {
      this.entry = entry;
    }

    public Tokenizer tokenizer() {
      return entry.tokenizer;
    }

    /** How the tokens are spelled; read from the files when first asked for. */
    public TokenNames tokenNames(Supplier<TokenizerFiles> files) {
      synchronized (entry) {
        if (entry.names.isEmpty()) {
          entry.names = Optional.of(names(files.get()));
        }
        return entry.names.get();
      }
    }

    private TokenNames names(TokenizerFiles files) {
      try {
        return TokenNames.parse(files.tokenizerJson());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** What the folder says; its path is gone already. */
    public TokenizerFolder folder() {
      return entry.folder;
    }

    /** The lease's encoder, with what its caches learnt from the rows of earlier leases. */
    public Utf8Encoder utf8Encoder() {
      if (encoder.isEmpty()) {
        encoder = Optional.of(takeEncoder(entry));
      }
      return encoder.get();
    }

    @Override
    public void close() {
      release(entry, encoder);
    }
  }
}
