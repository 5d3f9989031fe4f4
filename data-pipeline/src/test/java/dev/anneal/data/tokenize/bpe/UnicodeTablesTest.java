package dev.anneal.data.tokenize.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnicodeTablesTest {
  @Test
  void classesAreThoseOfTheLibrary() {
    assertThat(count(CharacterClasses.LETTER)).isEqualTo(141_028);
    assertThat(count(CharacterClasses.NUMBER)).isEqualTo(1_911);
    assertThat(count(CharacterClasses.SPACE)).isEqualTo(25);
    for (int space : new int[] {0x85, 0xA0, 0x2007, 0x202F, 0x3000}) {
      assertThat(CharacterClasses.of(space)).isEqualTo(CharacterClasses.SPACE);
    }
    for (int other : new int[] {0x1C, 0x1F, 0x180E, 0x200B, 0xFEFF, 0x301, 0x10FFFF}) {
      assertThat(CharacterClasses.of(other)).isEqualTo(CharacterClasses.OTHER);
    }
    // Letters since Unicode 16, which Java 17 does not know.
    assertThat(CharacterClasses.of(0x1C89)).isEqualTo(CharacterClasses.LETTER);
  }

  @Test
  void nothingThatTheGateSkipsIsActive() {
    NfcTables tables = NfcTables.tables();
    assertThat(IntStream.range(0, 0x300).filter(tables::isActive)).isEmpty();
    assertThat(IntStream.range(0x4000, 0xA000).filter(tables::isActive)).isEmpty();
    assertThat(tables.isActive(0x300)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "e\u0301, \u00e9",
    "s\u0307\u0323, \u1e69",
    "\u1e61\u0323, \u1e69",
    "\u212b, \u00c5",
    "\u0344, \u0308\u0301",
    "\u0958, \u0915\u093c",
    "\u1100\u1161\u11a8, \uac01",
    "\uac00\u11a8, \uac01",
    "\uac00\u11a7, \uac00\u11a7",
    "\u304b\u3099, \u304c",
    "\uf900, \u8c48",
    "\ud804\udd31\ud804\udd27, \ud804\udd2e",
    // Newer than the library's table: left as they are.
    "\ud806\udd35\ud806\udd30, \ud806\udd35\ud806\udd30",
    "a\u0898\u0301, a\u0898\u0301",
    "x\u0301\u0323y, x\u0323\u0301y",
    "'', ''",
    "plain, plain"
  })
  void normalizesAsTheLibraryDoes(String text, String expected) {
    assertThat(nfc(text)).isEqualTo(expected);
    assertThat(nfc("<" + text + text + ">")).isEqualTo("<" + expected + expected + ">");
  }

  @Test
  void normalizesALongRunOfMarksInItsOrder() {
    String marks = "\u0301\u0323".repeat(20_000);
    assertThat(nfc("\u4e00" + marks))
        .isEqualTo("\u4e00" + "\u0323".repeat(20_000) + "\u0301".repeat(20_000));
  }

  private static String nfc(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    NfcText nfc = new NfcText();
    nfc.normalize(utf8, 0, utf8.length, nfc.firstActive(utf8, 0, utf8.length));
    return new String(nfc.bytes(), 0, nfc.length(), StandardCharsets.UTF_8);
  }

  private static long count(byte kind) {
    return IntStream.rangeClosed(0, 0x10FFFF).filter(c -> CharacterClasses.of(c) == kind).count();
  }
}
