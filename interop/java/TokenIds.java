import dev.anneal.data.tokenize.IdSink;
import dev.anneal.data.tokenize.Tokenizer;
import dev.anneal.data.tokenize.TokenizerEngine;
import dev.anneal.data.tokenize.TokenizerFolder;
import dev.anneal.data.tokenize.Utf8Encoder;
import dev.anneal.data.tokenize.engines.Tokenizers;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The product's ids of many documents: {@code java -cp CLASSES TokenIds.java TOKENIZER DOCUMENTS
 * OUT}. A document is its length and its UTF-8 bytes; the answer its count and its ids, all as
 * big-endian ints. Where an encoder of ours runs, the bytes and the string must give the same.
 */
final class TokenIds {
  private int[] ids = new int[1 << 16];
  private int count;

  private TokenIds() {}

  public static void main(String[] arguments) throws IOException {
    TokenizerFolder folder = TokenizerFolder.open(Path.of(arguments[0]));
    try (Tokenizer tokenizer = Tokenizers.open(folder);
        DataInputStream in = input(Path.of(arguments[1]));
        DataOutputStream out =
            new DataOutputStream(
                new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[2])), 1 << 20))) {
      TokenizerEngine engine = tokenizer.engine();
      System.out.println("ENGINE " + engine.kind() + " " + engine.reason());
      refuseHalfACharacter(tokenizer);
      new TokenIds().run(tokenizer, in, out);
    }
  }

  private static DataInputStream input(Path file) throws IOException {
    return new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 20));
  }

  private static void refuseHalfACharacter(Tokenizer tokenizer) {
    try {
      tokenizer.encode("ab\uD83D");
      throw new IllegalStateException("Half a surrogate pair was encoded");
    } catch (IllegalArgumentException refused) {
      System.out.println("REFUSED " + refused.getMessage());
    }
  }

  private void run(Tokenizer tokenizer, DataInputStream in, DataOutputStream out)
      throws IOException {
    boolean ours = tokenizer.engine().kind() != TokenizerEngine.Kind.NATIVE;
    Utf8Encoder encoder = tokenizer.utf8Encoder();
    IdSink sink = this::keep;
    long documents = 0;
    long seconds = 0;
    for (int length = in.readInt(); length >= 0; length = in.readInt()) {
      byte[] utf8 = in.readNBytes(length);
      count = 0;
      long start = System.nanoTime();
      encoder.encode(utf8, 0, length, sink);
      seconds += System.nanoTime() - start;
      if (ours) {
        int[] again = tokenizer.encode(new String(utf8, StandardCharsets.UTF_8));
        if (!Arrays.equals(again, 0, again.length, ids, 0, count)) {
          throw new IllegalStateException("Document " + documents + ": bytes and string differ");
        }
      }
      out.writeInt(count);
      for (int i = 0; i < count; i++) {
        out.writeInt(ids[i]);
      }
      documents++;
    }
    System.out.println("DOCUMENTS " + documents);
    System.out.println("SECONDS " + seconds / 1e9);
  }

  private void keep(int[] piece, int size) {
    if (count + size > ids.length) {
      ids = Arrays.copyOf(ids, Math.max(2 * ids.length, count + size));
    }
    System.arraycopy(piece, 0, ids, count, size);
    count += size;
  }
}
