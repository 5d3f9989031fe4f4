package dev.anneal.data.tokenize;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.anneal.core.config.ConfigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The tokenizers library behind DJL's JNI, opened from a local {@code tokenizer.json}. Calls go
 * straight to the library: no truncation, no padding, no object per token.
 *
 * <p>Thread-safe: the library's encode and decode are reentrant, and a lock keeps {@link #close}
 * from freeing what a call still reads. Owns one native tokenizer, or two with {@link
 * SpecialTokens#SPLIT}.
 */
public final class NativeTokenizer implements Tokenizer {
  private static final String PROBE = "a";

  private final TokenizersLibrary library = NativeLibrary.load();
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Vocabulary vocabulary;
  private final long encoder;
  private final long decoder;
  private final List<Integer> documentPrefix;
  private final List<Integer> documentSuffix;
  private volatile TokenizerEngine engine =
      new TokenizerEngine(TokenizerEngine.Kind.NATIVE, "asked for");
  private boolean closed;

  private NativeTokenizer(String json, SpecialTokens specialTokens) throws IOException {
    this.vocabulary = Vocabulary.parse(json);
    this.decoder = create(json);
    this.encoder =
        specialTokens == SpecialTokens.MATCHED ? decoder : create(SplitSpecialTokens.rewrite(json));
    int[] plain = encodeNative(PROBE, false);
    int[] framed = encodeNative(PROBE, true);
    int at = indexOf(framed, plain);
    this.documentPrefix = boxed(Arrays.copyOfRange(framed, 0, at));
    this.documentSuffix = boxed(Arrays.copyOfRange(framed, at + plain.length, framed.length));
  }

  /** Opens a folder's tokenizer; special-token strings in texts match. */
  public static NativeTokenizer open(TokenizerFolder folder) {
    return open(folder, SpecialTokens.MATCHED);
  }

  /** Opens a folder's tokenizer. */
  public static NativeTokenizer open(TokenizerFolder folder, SpecialTokens specialTokens) {
    try {
      return new NativeTokenizer(folder.tokenizerJson(), specialTokens);
    } catch (JsonProcessingException e) {
      String reason = "not JSON: " + e.getOriginalMessage() + line(e);
      throw new ConfigException(unreadable(folder) + reason, e);
    } catch (IOException e) {
      throw new ConfigException(unreadable(folder) + e.getMessage(), e);
    }
  }

  private static String unreadable(TokenizerFolder folder) {
    return "Cannot read tokenizer " + folder.name() + ": " + TokenizerFolder.TOKENIZER_FILE + ": ";
  }

  private static String line(JsonProcessingException e) {
    return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
  }

  /** Notes why this runs, and no engine in Java. */
  public NativeTokenizer because(String reason) {
    engine = new TokenizerEngine(TokenizerEngine.Kind.NATIVE, reason);
    return this;
  }

  @Override
  public int[] encode(String text) {
    WholeCharacters.require(text);
    lock.readLock().lock();
    try {
      requireOpen();
      return encodeNative(text, false);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public EncodedText encodeWithOffsets(String text) {
    WholeCharacters.require(text);
    lock.readLock().lock();
    try {
      requireOpen();
      long encoding = library.encode(encoder, text, false);
      try {
        return CodePointSpans.of(text)
            .attach(toInts(library.getTokenIds(encoding)), library.getTokenCharSpans(encoding));
      } finally {
        library.deleteEncoding(encoding);
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public Utf8Encoder utf8Encoder() {
    return (utf8, start, end, ids) -> {
      int[] encoded = encode(new String(utf8, start, end - start, StandardCharsets.UTF_8));
      ids.accept(encoded, encoded.length);
    };
  }

  @Override
  public TokenizerEngine engine() {
    return engine;
  }

  @Override
  public String decode(int[] ids) {
    return decodeNative(ids, false);
  }

  @Override
  public String decodeSkippingSpecial(int[] ids) {
    return decodeNative(ids, true);
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public Optional<Integer> tokenId(String token) {
    int id = vocabulary.idOf(token);
    return id < 0 ? Optional.empty() : Optional.of(id);
  }

  @Override
  public boolean isSpecial(int id) {
    return vocabulary.isSpecial(id);
  }

  @Override
  public List<Integer> documentPrefix() {
    return documentPrefix;
  }

  @Override
  public List<Integer> documentSuffix() {
    return documentSuffix;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      library.deleteTokenizer(decoder);
      if (encoder != decoder) {
        library.deleteTokenizer(encoder);
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private long create(String json) throws IOException {
    try {
      long handle = library.createTokenizerFromString(json);
      library.disableTruncation(handle);
      library.disablePadding(handle);
      return handle;
    } catch (RuntimeException e) {
      throw new IOException("not a tokenizer: " + e.getMessage(), e);
    }
  }

  private int[] encodeNative(String text, boolean addSpecialTokens) {
    long encoding = library.encode(encoder, text, addSpecialTokens);
    try {
      return toInts(library.getTokenIds(encoding));
    } finally {
      library.deleteEncoding(encoding);
    }
  }

  private String decodeNative(int[] ids, boolean skipSpecial) {
    long[] wide = Arrays.stream(ids).asLongStream().toArray();
    lock.readLock().lock();
    try {
      requireOpen();
      return library.decode(decoder, wide, skipSpecial);
    } finally {
      lock.readLock().unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("Cannot use the tokenizer: it is closed");
    }
  }

  private static int indexOf(int[] framed, int[] plain) {
    for (int at = 0; at + plain.length <= framed.length; at++) {
      if (Arrays.equals(framed, at, at + plain.length, plain, 0, plain.length)) {
        return at;
      }
    }
    throw new ConfigException(
        "Cannot tell what the tokenizer adds to a document: '"
            + PROBE
            + "' is "
            + Arrays.toString(plain)
            + " alone and "
            + Arrays.toString(framed)
            + " with special tokens");
  }

  private static List<Integer> boxed(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }

  private static int[] toInts(long[] ids) {
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = Math.toIntExact(ids[i]);
    }
    return narrow;
  }
}
