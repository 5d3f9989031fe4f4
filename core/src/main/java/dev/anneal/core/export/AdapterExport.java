package dev.anneal.core.export;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.FlatParameters;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterConfigJson;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.tensor.HostMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Writes an adapter as PEFT saves it: fp32 tensors and adapter_config.json. */
public final class AdapterExport {
  private final FileStore store;

  public AdapterExport(FileStore store) {
    this.store = store;
  }

  /** Writes the folder's two files; the config comes last. */
  public void write(
      String folder, AdapterMethod method, FlatParameters parameters, String baseModel)
      throws IOException {
    List<TensorSource> tensors = new ArrayList<>();
    for (ParameterSpec spec : parameters.specs()) {
      tensors.add(
          TensorSource.of(
              method.exportName(spec),
              DType.F32,
              spec.shape(),
              HostMemory.bytes(parameters.value(spec.name()).region())));
    }
    tensors.sort(Comparator.comparing(TensorSource::name));
    new SafetensorsWriter(store)
        .write(
            FileStore.join(folder, AdapterFolder.WEIGHTS_FILE),
            tensors,
            SafetensorsWriter.PYTORCH_METADATA);
    store.writeBytes(
        FileStore.join(folder, AdapterConfigJson.FILE),
        AdapterConfigJson.render(method.peftType(), baseModel, method.exportConfig()));
  }
}
