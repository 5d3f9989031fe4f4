package dev.anneal.jobs.read;

import com.github.luben.zstd.ZstdInputStream;
import dev.anneal.jobs.io.HadoopFileStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.tukaani.xz.XZInputStream;

/**
 * What the end of a file's name says about its compression. Files of several members or streams, as
 * parallel compressors write them, are read to their end. Stateless.
 */
public final class Decompression {
  private static final Set<String> ENDINGS =
      Set.of("gz", "bz2", "zst", "zstd", "xz", "lz4", "snappy", "deflate");

  private Decompression() {}

  /** Whether a name ends as a compressed file's does. */
  public static boolean applies(String name) {
    return ENDINGS.contains(ending(name));
  }

  /** The name without what it says about compression. */
  public static String plainName(String name) {
    return applies(name) ? name.substring(0, name.lastIndexOf('.')) : name;
  }

  /** The last part of a name behind its last dot, in small letters. */
  public static String ending(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    return last.substring(last.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** Opens a file at an offset of its own bytes; compressed ones begin at 0 only. */
  public static InputStream open(HadoopFileStore store, String uri, long offset)
      throws IOException {
    InputStream in = store.openAt(uri, offset);
    try {
      return decompressed(store, uri, in);
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  private static InputStream decompressed(HadoopFileStore store, String uri, InputStream in)
      throws IOException {
    String ending = ending(uri);
    if (ending.equals("zst") || ending.equals("zstd")) {
      // Hadoop's codec needs its native library; Spark brings this one.
      return new ZstdInputStream(in).setContinuous(false);
    }
    if (ending.equals("xz")) {
      return new XZInputStream(in);
    }
    CompressionCodec codec =
        new CompressionCodecFactory(store.configuration()).getCodec(new Path(uri));
    return codec == null ? in : codec.createInputStream(in);
  }
}
