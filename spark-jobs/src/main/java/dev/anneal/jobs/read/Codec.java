package dev.anneal.jobs.read;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The compressions that a file's name may end with, and the bytes that such files begin with. */
enum Codec {
  GZIP("gzip", List.of("gz"), "1f8b08"),
  BZIP2("bzip2", List.of("bz2"), "425a68"),
  XZ("xz", List.of("xz"), "fd377a585a00"),
  ZSTD("zstd", List.of("zst", "zstd"), "28b52ffd"),
  LZ4("lz4", List.of("lz4"), "04224d18", "02214c18"),
  SNAPPY("snappy", List.of("snappy", "sz"), "ff060000734e61507059"),
  /** Without a mark of its own: a zlib header is too short for one. */
  DEFLATE("zlib", List.of("deflate"));

  /** As many bytes as any of them needs. */
  static final int MAGIC_BYTES = 10;

  private static final int BZIP2_BLOCK = 4;
  private static final List<String> BZIP2_MARKS = List.of("314159265359", "177245385090");

  private final String label;
  private final List<String> endings;
  private final List<String> magics;

  Codec(String label, List<String> endings, String... magics) {
    this.label = label;
    this.endings = endings;
    this.magics = List.of(magics);
  }

  /** The name of the compression, for messages. */
  String label() {
    return label;
  }

  /** The ending that a name should have, for messages. */
  String ending() {
    return endings.get(0);
  }

  /** What a name's ending says. */
  static Optional<Codec> ofEnding(String ending) {
    return Arrays.stream(values()).filter(codec -> codec.endings.contains(ending)).findFirst();
  }

  /** What the first bytes of a file say. */
  static Optional<Codec> ofStart(byte[] start) {
    String hex = hex(start);
    return Arrays.stream(values()).filter(codec -> codec.marks(hex)).findFirst();
  }

  private boolean marks(String hex) {
    if (magics.stream().noneMatch(hex::startsWith)) {
      return false;
    }
    // Three letters alone may begin a text.
    return this != BZIP2
        || BZIP2_MARKS.stream().anyMatch(mark -> hex.startsWith(mark, 2 * BZIP2_BLOCK));
  }

  private static String hex(byte[] start) {
    StringBuilder hex = new StringBuilder();
    for (byte value : start) {
      hex.append(String.format(Locale.ROOT, "%02x", value));
    }
    return hex.toString();
  }
}
