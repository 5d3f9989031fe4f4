package dev.anneal.core.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.config.ModelConfig.LayerBackward;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients at embedding and output matrix against differences of losses, dropout among them. */
class EndGradientsTest {
  private static final double STEP = 2e-3;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "target_modules=[lm_head,embed_tokens,q_proj] lora_dropout=0.3",
        "target_modules=[lm_head,q_proj] lora_dropout=0.3 lora_bias=true",
        "target_modules=[lm_head]",
        "target_modules=[embed_tokens]",
        "target_modules=[q_proj] trainable_token_indices=[5,90,17]",
        "target_modules=[q_proj] trainable_token_indices={embed_tokens=[5,17],lm_head=[2,5]}"
      })
  void areTheSlopesOfTheLoss(String settings) throws IOException {
    AdapterMethod method = Methods.lora(settings.split(" "));
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU)) {
      runtime.prepareThread(1);
      try (TrainedModel model =
          AdaptedModel.open(runtime, method, LayerStorage.KEEP, LayerBackward.AUTO)) {
        AdaptedModel.fill(runtime, model);
        for (ParameterSpec spec : model.parameters().specs()) {
          loss(model);
          float[] gradient = model.parameters().gradient(spec.name()).toFloats();
          double length = AdaptedModel.norm(gradient);
          float[] values = model.tensor(spec.name()).toFloats();
          double above = lossAt(runtime, model, spec, moved(values, gradient, STEP / length));
          double below = lossAt(runtime, model, spec, moved(values, gradient, -STEP / length));
          put(runtime, model, spec, values);
          assertThat((above - below) / (2 * STEP))
              .as(spec.name())
              .isCloseTo(length, within(0.01 * length));
        }
      }
    }
  }

  private static float[] moved(float[] values, float[] direction, double by) {
    float[] moved = values.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (by * direction[i]);
    }
    return moved;
  }

  private static double lossAt(
      TensorRuntime runtime, TrainedModel model, ParameterSpec spec, float[] values)
      throws IOException {
    put(runtime, model, spec, values);
    return loss(model);
  }

  private static double loss(TrainedModel model) throws IOException {
    model.parameters().zeroGradients();
    return model.model().forwardBackward(MicroBatch.of(AdaptedModel.rows(), 0)).sum();
  }

  private static void put(
      TensorRuntime runtime, TrainedModel model, ParameterSpec spec, float[] values) {
    try (Tensor tensor = runtime.floats(values, spec.shape().toArray())) {
      model.tensors().copy(model.tensor(spec.name()), tensor);
    }
  }
}
