package dev.anneal.core.export;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterConfigJson;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.peft.SavedTensor;
import dev.anneal.core.tensor.HostMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Writes an adapter as PEFT saves it: fp32 tensors and adapter_config.json. */
public final class AdapterExport {
  private final FileStore store;

  public AdapterExport(FileStore store) {
    this.store = store;
  }

  private static ByteBuffer bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return bytes;
  }

  /** Writes the folder's two files; the config comes last. */
  public void write(String folder, AdapterMethod method, TrainedModel model, String baseModel)
      throws IOException {
    List<TensorSource> tensors = new ArrayList<>();
    for (ParameterSpec spec : model.parameters().specs()) {
      String name = method.exportName(spec);
      Optional<SavedTensor> converted =
          method.saved(spec, tensor -> model.tensor(tensor).toFloats());
      tensors.add(
          converted.isPresent()
              ? TensorSource.of(
                  name, DType.F32, converted.get().shape(), bytes(converted.get().values()))
              : TensorSource.of(
                  name,
                  DType.F32,
                  spec.shape(),
                  HostMemory.bytes(model.parameters().value(spec.name()).region())));
    }
    tensors.sort(Comparator.comparing(TensorSource::name));
    new SafetensorsWriter(store)
        .write(
            FileStore.join(folder, AdapterFolder.WEIGHTS_FILE),
            tensors,
            SafetensorsWriter.PYTORCH_METADATA);
    store.writeBytes(
        FileStore.join(folder, AdapterConfigJson.FILE),
        AdapterConfigJson.render(
            method.peftType(),
            baseModel,
            method.exportConfig(
                new DecoderLayout(model.config()), name -> model.tensor(name).toFloats())));
  }
}
