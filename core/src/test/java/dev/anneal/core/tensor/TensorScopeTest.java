package dev.anneal.core.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorScopeTest {
  private final List<String> closed = new ArrayList<>();

  private AutoCloseable failing(String name) {
    return () -> {
      closed.add(name);
      throw new IOException("Cannot close " + name);
    };
  }

  @Test
  void closesAllNewestFirstAlsoWhenSomeFail() {
    TensorScope scope = new TensorScope();
    scope.own((AutoCloseable) () -> closed.add("first"));
    scope.own(failing("second"));
    scope.own((AutoCloseable) () -> closed.add("third"));
    scope.own(failing("fourth"));
    assertThatThrownBy(scope::close)
        .isInstanceOf(IllegalStateException.class)
        .hasRootCauseMessage("Cannot close fourth")
        .satisfies(
            thrown -> assertThat(thrown.getSuppressed()[0]).hasMessage("Cannot close second"));
    assertThat(closed).containsExactly("fourth", "third", "second", "first");
    scope.close();
    assertThat(closed).hasSize(4);
  }
}
