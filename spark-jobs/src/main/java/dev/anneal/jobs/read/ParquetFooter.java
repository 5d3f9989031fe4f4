package dev.anneal.jobs.read;

import dev.anneal.core.format.FormatException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;

/**
 * The footer of a Parquet file, read here because the library at hand refuses a file with a logical
 * type that it does not know, also where that column is not wanted. Immutable.
 *
 * @param metadata with such columns as what they are made of
 * @param unreadable the types of columns that cannot be read, by the columns' numbers; empty for
 *     the others
 */
public record ParquetFooter(ParquetMetadata metadata, List<Optional<String>> unreadable) {
  private static final String MAGIC = "PAR1";
  private static final String ENCRYPTED = "PARE";
  private static final int TAIL_BYTES = 8;
  private static final int HALF_BYTES = 2;

  /** Reads the footer of a file; {@link FormatException} says why there is none. */
  public static ParquetFooter read(Configuration configuration, Path path) throws IOException {
    FileSystem fileSystem = path.getFileSystem(configuration);
    long length = fileSystem.getFileStatus(path).getLen();
    try (FSDataInputStream in = fileSystem.open(path)) {
      byte[] tail = new byte[TAIL_BYTES];
      if (length > MAGIC.length() + TAIL_BYTES) {
        in.readFully(length - TAIL_BYTES, tail);
      }
      String magic = new String(tail, 4, 4, StandardCharsets.ISO_8859_1);
      long start = length - TAIL_BYTES - Integer.toUnsignedLong(littleEndian(tail));
      if (magic.equals(ENCRYPTED)) {
        throw new FormatException("an encrypted Parquet file (must be plain)");
      }
      if (!magic.equals(MAGIC) || start < MAGIC.length()) {
        throw new FormatException("not a Parquet file");
      }
      in.seek(start);
      return of(Util.readFileMetaData(new BufferedInputStream(in)));
    }
  }

  private static int littleEndian(byte[] bytes) {
    return bytes[0] & 0xFF | (bytes[1] & 0xFF) << 8 | (bytes[2] & 0xFF) << 16 | bytes[3] << 24;
  }

  private static ParquetFooter of(FileMetaData file) throws IOException {
    List<Optional<String>> columns = new ArrayList<>();
    List<SchemaElement> schema = file.getSchema();
    int at = 1;
    for (int i = 0; i < schema.get(0).getNum_children(); i++) {
      int end = end(schema, at);
      Optional<String> unknown = Optional.empty();
      for (; at < end; at++) {
        Optional<String> found = withoutUnknown(schema.get(at));
        unknown = unknown.isPresent() ? unknown : found;
      }
      columns.add(unknown);
    }
    return new ParquetFooter(new ParquetMetadataConverter().fromParquetMetadata(file), columns);
  }

  /** The index behind an element and all it holds. */
  private static int end(List<SchemaElement> schema, int index) {
    int end = index + 1;
    for (int i = 0; i < schema.get(index).getNum_children(); i++) {
      end = end(schema, end);
    }
    return end;
  }

  /** Takes a logical type away that is not known, and names the type. */
  private static Optional<String> withoutUnknown(SchemaElement element) {
    if (!element.isSetLogicalType() || element.getLogicalType().getSetField() != null) {
      return Optional.empty();
    }
    element.unsetLogicalType();
    String type = element.isSetType() ? element.getType().name().toLowerCase(Locale.ROOT) : "group";
    return Optional.of(
        element.getType_length() == HALF_BYTES ? "float16" : type + " of an unknown kind");
  }
}
