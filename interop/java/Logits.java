import dev.anneal.core.assembly.TrainedModel;
import dev.anneal.core.data.TokenRow;
import dev.anneal.core.model.LayerStorage;
import dev.anneal.core.model.MicroBatch;
import dev.anneal.core.model.weights.ModelFolder;
import dev.anneal.core.peft.AdapterFolder;
import dev.anneal.core.peft.AdapterRegistry;
import dev.anneal.core.tensor.Device;
import dev.anneal.core.tensor.Tensor;
import dev.anneal.core.tensor.TensorRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The product's logits of every position of some rows, as little-endian floats one row after
 * another: {@code java -cp CLASSES Logits.java MODEL ADAPTER|- ROWS OUT}. A line of ROWS holds the
 * token ids of a row.
 */
final class Logits {
  private Logits() {}

  public static void main(String[] arguments) throws IOException {
    Path model = Path.of(arguments[0]);
    Optional<Path> adapter =
        arguments[1].equals("-") ? Optional.empty() : Optional.of(Path.of(arguments[1]));
    List<String> rows = Files.readAllLines(Path.of(arguments[2]));
    try (TensorRuntime runtime = TensorRuntime.open(Device.CPU);
        var out = Files.newOutputStream(Path.of(arguments[3]))) {
      runtime.prepareThread(1);
      try (TrainedModel opened = open(runtime, model, adapter)) {
        for (String row : rows) {
          out.write(logits(opened, row));
        }
      }
    }
  }

  private static TrainedModel open(TensorRuntime runtime, Path model, Optional<Path> adapter) {
    ModelFolder folder = ModelFolder.open(model);
    Optional<AdapterFolder> opened = adapter.map(AdapterFolder::open);
    TrainedModel.Assembly assembly =
        new TrainedModel.Assembly(
            folder,
            TrainedModel.BaseWeights.PRETRAINED,
            opened.map(found -> AdapterRegistry.existing(found, folder.config())),
            opened,
            42,
            false,
            LayerStorage.KEEP);
    return TrainedModel.open(runtime, assembly, 1, 1L << 20);
  }

  private static byte[] logits(TrainedModel model, String line) {
    int[] ids = Arrays.stream(line.trim().split(" ")).mapToInt(Integer::parseInt).toArray();
    MicroBatch batch = MicroBatch.of(List.of(new TokenRow(ids, ids, new int[] {ids.length})), 0);
    long[] positions = LongStream.range(0, ids.length).toArray();
    try (Tensor logits = model.model().logits(batch, positions)) {
      float[] values = logits.toFloats();
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      return bytes.array();
    }
  }
}
