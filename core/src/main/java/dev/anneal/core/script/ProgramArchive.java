package dev.anneal.core.script;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs the text of a TorchScript module into the archive that libtorch loads: a stored zip with
 * the pickled (empty) module, its code, an empty table of constants, and the format's version.
 */
final class ProgramArchive {
  private static final String ROOT = "program/";
  private static final String CLASS_NAME = "Program";

  private ProgramArchive() {}

  /** The archive of a class {@code Program} with the given methods, indented by two spaces. */
  static byte[] pack(String methods) {
    String code =
        "class "
            + CLASS_NAME
            + "(Module):\n"
            + "  __parameters__ = []\n"
            + "  __buffers__ = []\n"
            + "  training : bool\n"
            + methods;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "data.pkl", modulePickle());
      store(zip, "code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
      store(zip, "constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      store(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Protocol 2: an object of the class with the state {@code {"training": True}}. */
  private static byte[] modulePickle() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(out, new byte[] {(byte) 0x80, 2});
    write(out, ("c__torch__\n" + CLASS_NAME + "\n").getBytes(StandardCharsets.US_ASCII));
    write(out, new byte[] {'q', 0, ')', (byte) 0x81, '}', '('});
    write(out, new byte[] {'X', 8, 0, 0, 0});
    write(out, "training".getBytes(StandardCharsets.US_ASCII));
    write(out, new byte[] {'q', 1, (byte) 0x88, 'u', 'b', 'q', 2, '.'});
    return out.toByteArray();
  }

  private static void write(ByteArrayOutputStream out, byte[] bytes) {
    out.write(bytes, 0, bytes.length);
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(ROOT + name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
