package dev.anneal.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import org.junit.jupiter.api.Test;

class KernelCachesTest {
  private static final int REPLACE = 1;
  private static final NativeLibrary LIBC = NativeLibrary.getInstance(Platform.C_LIBRARY_NAME);

  @Test
  void openingARuntimeBoundsTheCachesOfItsProcess() {
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      assertThat(runtime.liveTensors()).isZero();
      KernelCaches.ENTRIES.forEach(
          (name, entries) -> assertThat(value(name)).as(name).isEqualTo(entries.toString()));
    }
  }

  @Test
  void aBoundThatTheUserSetStays() {
    KernelCaches.bound();
    KernelCaches.ENTRIES.forEach(
        (name, entries) -> {
          set(name, "7");
          KernelCaches.bound();
          assertThat(value(name)).as(name).isEqualTo("7");
          set(name, entries.toString());
        });
  }

  private static String value(String name) {
    return LIBC.getFunction("getenv").invokeString(new Object[] {name}, false);
  }

  private static void set(String name, String value) {
    LIBC.getFunction("setenv").invokeInt(new Object[] {name, value, REPLACE});
  }
}
