package dev.anneal.core.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import org.junit.jupiter.api.Test;

class SharedLibraryTest {
  @Test
  void saysWhereItLooked() {
    assertThatThrownBy(() -> SharedLibrary.find("libabsent.so.7", "ANNEAL_ABSENT_LIBRARY"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot find libabsent.so.7: looked among the libraries")
        .hasMessageContaining("PYTORCH_LIBRARY_PATH")
        .hasMessageContaining("LD_LIBRARY_PATH=")
        .hasMessageEndingWith("; ANNEAL_ABSENT_LIBRARY names another file");
  }

  @Test
  void findsTheCopyThatTheProcessUses() {
    SharedLibrary c = SharedLibrary.find("libc.so.6", "ANNEAL_ABSENT_LIBRARY");
    assertThat(c.path()).endsWith("/libc.so.6");
    assertThat(c.call("abs", -7)).isEqualTo(7);
  }

  @Test
  void namesAFunctionThatIsMissing() {
    SharedLibrary c = SharedLibrary.find("libc.so.6", "ANNEAL_ABSENT_LIBRARY");
    assertThatThrownBy(() -> c.call("noSuchFunction"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Unsupported ")
        .hasMessageEndingWith("libc.so.6: has no function noSuchFunction");
  }
}
