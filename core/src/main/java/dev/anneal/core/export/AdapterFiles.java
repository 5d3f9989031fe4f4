package dev.anneal.core.export;

import dev.anneal.core.format.DType;
import dev.anneal.core.format.SafetensorsWriter;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.peft.AdapterConfigJson;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The two files of an adapter folder, as PEFT writes them. Borrows the store. */
record AdapterFiles(FileStore store, String folder) {

  /** A tensor's fp32 values under a name; the tensor must stay open until they are written. */
  static TensorSource source(String name, Shape shape, Tensor values) {
    return TensorSource.of(name, DType.F32, shape, HostMemory.bytes(values.region()));
  }

  /** The first of the two: a folder without a config is none. */
  void writeTensors(List<TensorSource> tensors) throws IOException {
    new SafetensorsWriter(store)
        .write(
            FileStore.join(folder, AdapterFolder.WEIGHTS_FILE),
            tensors.stream().sorted(Comparator.comparing(TensorSource::name)).toList(),
            SafetensorsWriter.PYTORCH_METADATA);
  }

  /** The last. */
  void writeConfig(String peftType, String baseModel, Map<String, Object> config)
      throws IOException {
    store.writeBytes(
        FileStore.join(folder, AdapterConfigJson.FILE),
        AdapterConfigJson.render(peftType, baseModel, config));
  }
}
