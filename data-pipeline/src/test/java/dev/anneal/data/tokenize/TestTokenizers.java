package dev.anneal.data.tokenize;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** The small tokenizers that {@code interop/fixtures/make_tokenizers.py} wrote. */
public final class TestTokenizers {
  private TestTokenizers() {}

  public static Path chatml() {
    return folder("chatml-tokenizer");
  }

  public static Path llama3() {
    return folder("llama3-tokenizer");
  }

  private static Path folder(String name) {
    return resource("/text/" + name);
  }

  /** Where a resource of the tests lies. */
  public static Path resource(String name) {
    URL url = TestTokenizers.class.getResource(name);
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
