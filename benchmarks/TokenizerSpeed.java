import dev.anneal.data.tokenize.IdSink;
import dev.anneal.data.tokenize.NativeTokenizer;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.Utf8Encoder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One thread from UTF-8 bytes to ids: {@code java -cp CLASSES TokenizerSpeed ours|native TOKENIZER
 * DOCUMENTS SECONDS}. A document is a big-endian int, its length, and its bytes; -1 ends the file.
 * Prints {@code PASS seconds tokens cpuSeconds} for each pass over all documents, the first one cold, until
 * the passes took so many seconds.
 */
final class TokenizerSpeed {
  private static final int PASSES = 3;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private long tokens;
  private int mixed;

  private TokenizerSpeed() {}

  public static void main(String[] arguments) throws IOException {
    TokenizerFolder folder = TokenizerFolder.open(Path.of(arguments[1]));
    List<byte[]> documents = read(Path.of(arguments[2]));
    double limit = Double.parseDouble(arguments[3]);
    try (Tokenizer tokenizer =
        arguments[0].equals("native") ? NativeTokenizer.open(folder) : Tokenizers.open(folder)) {
      System.out.println("ENGINE " + tokenizer.engine().kind());
      new TokenizerSpeed().run(tokenizer.utf8Encoder(), documents, limit);
    }
  }

  private static List<byte[]> read(Path file) throws IOException {
    List<byte[]> documents = new ArrayList<>();
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      for (int length = in.readInt(); length >= 0; length = in.readInt()) {
        documents.add(in.readNBytes(length));
      }
    }
    return documents;
  }

  private void run(Utf8Encoder encoder, List<byte[]> documents, double limit) throws IOException {
    IdSink sink = this::take;
    double total = 0;
    for (int pass = 0; pass < PASSES || total < limit; pass++) {
      tokens = 0;
      long cpu = THREADS.getCurrentThreadCpuTime();
      long start = System.nanoTime();
      for (byte[] document : documents) {
        encoder.encode(document, 0, document.length, sink);
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      total += seconds;
      double cpuSeconds = (THREADS.getCurrentThreadCpuTime() - cpu) / 1e9;
      System.out.println("PASS " + seconds + " " + tokens + " " + cpuSeconds);
    }
    System.out.println("MIXED " + mixed);
  }

  /** Reads every id, as a writer would. */
  private void take(int[] ids, int count) {
    tokens += count;
    for (int i = 0; i < count; i++) {
      mixed = 31 * mixed + ids[i];
    }
  }
}
