package dev.anneal.core.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.anneal.core.config.TrainingConfig;
import dev.anneal.core.model.config.DecoderConfig;
import dev.anneal.core.model.config.DecoderConfigParser;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TrainingFactsTest {
  private static final String MODEL =
      """
      {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "vocab_size": 100,
       "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
       "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
       "tie_word_embeddings": true}
      """;

  @Test
  void tellsAnAdapterRun() throws Exception {
    TrainingFacts facts =
        facts(
            "model.path=sample/模型",
            "data.train=[a b, c]",
            "adapter.peft_type=LORA",
            "adapter.target_modules=[q_proj, v_proj]",
            "distributed.world_size=2",
            "distributed.zero_stage=2",
            "train.gradient_accumulation_steps=3");

    assertThat(facts.model()).isEqualTo("sample/模型");
    assertThat(facts.architecture())
        .isEqualTo("qwen2, 2 layers, hidden 16, 4 heads (2 key-value), vocabulary 100");
    assertThat(facts.method()).isEqualTo("LORA, r 8, alpha 16, on q_proj, v_proj");
    assertThat(facts.data()).containsExactly("a b", "c");
    assertThat(facts.globalBatchRows()).isEqualTo(8 * 3 * 2);
    assertThat(facts.backend()).isEqualTo("tcp");
    assertThat(facts.computeType()).isEqualTo("float32");
    int layer = (16 * 16 + 16) + 2 * (16 * 8 + 8) + 16 * 16 + 3 * 16 * 24 + 2 * 16;
    assertThat(facts.parameters()).isEqualTo(100 * 16 + 2 * layer + 16);
  }

  @Test
  void tellsFullTuningAndTrainingFromScratch() throws Exception {
    assertThat(facts("model.path=m").method()).isEqualTo("full");
    assertThat(facts("model.path=m", "model.from_scratch=true").method())
        .isEqualTo("full, from scratch");
    assertThat(facts("model.path=m", "adapter.path=old run/adapter").method())
        .isEqualTo("adapter from old run/adapter");
    assertThat(facts("model.path=m").backend()).isEqualTo("alone");
  }

  private static TrainingFacts facts(String... settings) throws Exception {
    TrainingConfig config = TrainingConfig.of(settings);
    DecoderConfig model = DecoderConfigParser.parse(new ObjectMapper().readTree(MODEL), "test");
    return TrainingFacts.of(
        config, model, new TrainingFacts.Measured(500, 40, Duration.ofSeconds(9)));
  }
}
