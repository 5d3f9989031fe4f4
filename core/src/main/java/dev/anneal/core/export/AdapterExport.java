package dev.anneal.core.export;

import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.format.DType;
import dev.anneal.core.format.SavedTensor;
import dev.anneal.core.format.Shape;
import dev.anneal.core.format.SparseTensor;
import dev.anneal.core.format.TensorSource;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.model.VirtualTokens;
import dev.anneal.core.model.weights.DecoderLayout;
import dev.anneal.core.model.weights.LinearSite;
import dev.anneal.core.model.weights.ParameterSpec;
import dev.anneal.core.peft.AdapterMethod;
import dev.anneal.core.tensor.FloatRegion;
import dev.anneal.core.tensor.HostMemory;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Writes an adapter as PEFT saves it: fp32 tensors and adapter_config.json. */
public final class AdapterExport {
  private static final long BLOCK_FLOATS = 1 << 20;

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
  public void write(String folder, AdapterMethod trained, TrainedModel model, String baseModel)
      throws IOException {
    DecoderLayout layout = new DecoderLayout(model.config());
    Function<String, float[]> values = name -> model.tensor(name).toFloats();
    AdapterMethod method = trained.exporting(layout, values);
    Optional<VirtualTokens> virtual = method.virtualTokens(model.config());
    List<ParameterSpec> computed = virtual.map(VirtualTokens::parameters).orElse(List.of());
    AdapterFiles files = new AdapterFiles(store, folder);
    List<TensorSource> tensors = new ArrayList<>();
    try (TensorScope scope = new TensorScope()) {
      for (ParameterSpec spec : model.parameters().specs()) {
        if (!computed.contains(spec) && method.exported(spec)) {
          tensors.addAll(sources(method, model, spec, values));
        }
      }
      for (ParameterSpec spec : method.sharedBuffers(layout)) {
        tensors.add(
            AdapterFiles.source(method.exportName(spec), spec.shape(), model.tensor(spec.name())));
      }
      for (LinearSite site : method.savedBases(layout)) {
        tensors.add(base(model, site));
      }
      model
          .changedEmbeddings()
          .forEach(
              (name, shape) ->
                  tensors.add(
                      AdapterFiles.source(
                          AdapterMethod.PEFT_PREFIX + name,
                          shape,
                          scope.own(model.weights().open(name, shape.toArray())))));
      if (virtual.isPresent()) {
        Tensor vectors = scope.own(model.model().virtualTokens().orElseThrow());
        Shape shape =
            Shape.of(virtual.get().count(), vectors.elementCount() / virtual.get().count());
        tensors.add(AdapterFiles.source(method.exportName(computed.get(0)), shape, vectors));
      }
      files.writeTensors(tensors);
    }
    Map<String, Object> config = method.exportConfig(layout, values);
    config.putAll(method.modelSizes(model.config()));
    files.writeConfig(method.peftType(), baseModel, config);
  }

  private static List<TensorSource> sources(
      AdapterMethod method,
      TrainedModel model,
      ParameterSpec spec,
      Function<String, float[]> values) {
    String name = method.exportName(spec);
    if (method.sparse(spec)) {
      return SparseTensor.sources(
          name,
          () ->
              SparseTensor.of(
                  method
                      .saved(spec, values)
                      .orElseGet(() -> new SavedTensor(spec.shape(), values.apply(spec.name())))));
    }
    Optional<SavedTensor> converted = method.saved(spec, values);
    return List.of(
        converted
            .map(own -> TensorSource.of(name, DType.F32, own.shape(), bytes(own.values())))
            .orElseGet(
                () ->
                    AdapterFiles.source(
                        name, spec.shape(), model.parameters().value(spec.name()))));
  }

  private static TensorSource base(TrainedModel model, LinearSite site) {
    return new TensorSource(
        AdapterMethod.baseName(site),
        DType.F32,
        Shape.of(site.storedShape()),
        sink -> {
          try (Tensor weight = model.weights().open(site.weightName(), site.storedShape())) {
            FloatRegion region = weight.region();
            for (long at = 0; at < region.length(); at += BLOCK_FLOATS) {
              long count = Math.min(BLOCK_FLOATS, region.length() - at);
              sink.write(HostMemory.bytes(region.slice(at, count)));
            }
          }
        });
  }
}
