package dev.anneal.core.questions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.anneal.core.config.ConfigException;
import dev.anneal.core.run.MemoryStore;
import org.junit.jupiter.api.Test;

class QuestionFileTest {
  private static final String PATH = "/my questions/held-out.jsonl";
  private final MemoryStore store = MemoryStore.appending();

  @Test
  void readsBothSpellings() {
    store.put(
        PATH,
        """
        {"id":"q1","fact":"f7","language":"zh","question":"谁建造了灯塔？","answer":"塔玛"}

        {"instruction":"Name it","input":"the tower","output":"Orrin","fact_id":12}
        """);

    assertThat(QuestionFile.read(store, PATH))
        .containsExactly(
            new Question("q1", "f7", "zh", "谁建造了灯塔？", "塔玛"),
            new Question("3", "12", "", "Name it\nthe tower", "Orrin"));
  }

  @Test
  void namesTheLineThatIsBad() {
    store.put(PATH, "{\"question\":\"a\",\"answer\":\"b\"}\n{\"question\":\"a\"\n");
    assertThatThrownBy(() -> QuestionFile.read(store, PATH))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot read " + PATH + ": line 2: no JSON object: ");

    store.put(PATH, "{\"question\":\"a\",\"answer\":\" 。\"}\n");
    assertThatThrownBy(() -> QuestionFile.read(store, PATH))
        .hasMessage("Cannot read " + PATH + ": line 1: Invalid answer: empty (must have text)");

    store.put(PATH, "[1]\n");
    assertThatThrownBy(() -> QuestionFile.read(store, PATH))
        .hasMessage("Cannot read " + PATH + ": line 1: no JSON object");
  }

  @Test
  void refusesAnEmptyAndAnAbsentFile() {
    store.put(PATH, "\n");
    assertThatThrownBy(() -> QuestionFile.read(store, PATH))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Invalid questions: 0 in " + PATH + " (must be > 0)");
    assertThatThrownBy(() -> QuestionFile.read(store, "/none"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot read /none: no such file");
  }
}
