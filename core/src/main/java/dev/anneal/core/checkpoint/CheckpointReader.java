package dev.anneal.core.checkpoint;

import dev.anneal.core.format.Shape;
import dev.anneal.core.io.FileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The values of a checkpoint by parameter and offset, whatever the world size that wrote it and
 * whatever the one that reads. Quick when asked in the order of the files. One thread.
 */
public final class CheckpointReader implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 18;

  private final CheckpointManifest manifest;
  private final Map<String, List<Location>> locations = new HashMap<>();
  private final List<SequentialFile> files = new ArrayList<>();
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /** A slice and the file that holds it. */
  private record Location(StateSlice slice, RankFile file, SequentialFile input) {
    long end() {
      return slice.parameterOffset() + slice.length();
    }

    /** The states are the last bytes of the file, one after another. */
    long byteOffset(StateKind kind) {
      long data = file.bytes() - (long) file.kinds().size() * file.elements() * Float.BYTES;
      long tensor = file.kinds().indexOf(kind) * file.elements();
      return data + (tensor + slice.fileOffset()) * Float.BYTES;
    }
  }

  public CheckpointReader(FileStore store, Checkpoint checkpoint) {
    manifest = checkpoint.manifest();
    for (RankFile file : manifest.files()) {
      SequentialFile input =
          new SequentialFile(store, FileStore.join(checkpoint.folder(), file.name()));
      files.add(input);
      for (StateSlice slice : file.slices()) {
        locations
            .computeIfAbsent(slice.parameter(), name -> new ArrayList<>())
            .add(new Location(slice, file, input));
      }
    }
    locations
        .values()
        .forEach(
            list ->
                list.sort(
                    Comparator.comparingLong(location -> location.slice().parameterOffset())));
  }

  /** Opens a checkpoint that the driver has verified; reads its manifest only. */
  public static CheckpointReader open(FileStore store, String stepFolder) throws IOException {
    return new CheckpointReader(
        store, new CheckpointVerifier(store).verify(stepFolder, CheckpointVerifier.Depth.SIZES));
  }

  public CheckpointManifest manifest() {
    return manifest;
  }

  /** Fills the buffer's remaining floats with a parameter's values from an offset on. */
  public void read(StateKind kind, String parameter, long offset, FloatBuffer destination)
      throws IOException {
    Shape shape = manifest.parameters().get(parameter);
    if (shape == null) {
      throw new IOException("Cannot read " + parameter + ": not in the checkpoint");
    }
    long end = offset + destination.remaining();
    if (offset < 0 || end > shape.elements()) {
      throw new IndexOutOfBoundsException(
          "Invalid range of " + parameter + ": [" + offset + ", " + end + ") of " + shape);
    }
    for (Location location : locations.getOrDefault(parameter, List.of())) {
      long from = Math.max(offset, location.slice().parameterOffset());
      long to = Math.min(end, location.end());
      if (from < to) {
        if (!location.file().kinds().contains(kind)) {
          throw new IOException(
              "Cannot read " + kind.tensorName() + ": the checkpoint does not hold it");
        }
        long skipped = from - location.slice().parameterOffset();
        location.input().seek(location.byteOffset(kind) + skipped * Float.BYTES);
        copy(location.input(), to - from, destination);
      }
    }
  }

  private void copy(SequentialFile input, long floats, FloatBuffer destination) throws IOException {
    long left = floats;
    while (left > 0) {
      int count = (int) Math.min(left, BUFFER_BYTES / Float.BYTES);
      input.readFully(buffer.array(), count * Float.BYTES);
      destination.put(buffer.clear().limit(count * Float.BYTES).asFloatBuffer());
      left -= count;
    }
  }

  @Override
  public void close() throws IOException {
    for (SequentialFile file : files) {
      file.close();
    }
  }
}
