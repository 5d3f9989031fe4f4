package dev.anneal.core.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tensors of one safetensors file or of a sharded set, read through memory maps: {@link #map} gives
 * a view of the file itself, not a copy on the heap. All headers are checked at opening.
 * Thread-safe. A mapped buffer stays valid after {@link #close}; it is unmapped when it and every
 * slice of it are garbage, so whoever hands its address to native code must keep the buffer
 * reachable. The memory is read-only: native code that writes to it ends the process.
 */
public final class SafetensorsReader implements AutoCloseable {
  private final Map<String, TensorInfo> tensors;
  private final Map<String, String> metadata;
  private final Map<Path, FileChannel> channels;
  private final List<String> warnings;

  private SafetensorsReader(
      Map<String, TensorInfo> tensors,
      Map<String, String> metadata,
      Map<Path, FileChannel> channels,
      List<String> warnings) {
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = Collections.unmodifiableMap(metadata);
    this.channels = channels;
    this.warnings = Collections.unmodifiableList(warnings);
  }

  /** Opens one file. */
  public static SafetensorsReader openFile(Path file) throws IOException {
    return open(Map.of(), List.of(file));
  }

  /**
   * Opens {@code model.safetensors} of a folder, or the shards that {@code
   * model.safetensors.index.json} lists.
   */
  public static SafetensorsReader openFolder(Path folder) throws IOException {
    Path single = folder.resolve(SafetensorsIndex.SINGLE_FILE);
    if (Files.exists(single)) {
      return openFile(single);
    }
    Path indexFile = folder.resolve(SafetensorsIndex.INDEX_FILE);
    if (!Files.exists(indexFile)) {
      throw new NoSuchFileException(
          folder.toString(),
          null,
          "no weights: neither "
              + SafetensorsIndex.SINGLE_FILE
              + " nor "
              + SafetensorsIndex.INDEX_FILE
              + pickledHint(folder));
    }
    SafetensorsIndex index = SafetensorsIndex.read(indexFile);
    return open(index.fileOfTensor(), index.files());
  }

  private static String pickledHint(Path folder) {
    return Files.exists(folder.resolve("pytorch_model.bin"))
            || Files.exists(folder.resolve("pytorch_model.bin.index.json"))
        ? " (pytorch_model.bin is not read: save the model with safe_serialization=True)"
        : "";
  }

  private static SafetensorsReader open(Map<String, Path> fileOfTensor, Collection<Path> files)
      throws IOException {
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<Path, FileChannel> channels = new LinkedHashMap<>();
    List<String> warnings = new ArrayList<>();
    Map<String, List<Path>> places = new LinkedHashMap<>();
    SafetensorsReader reader = new SafetensorsReader(tensors, metadata, channels, warnings);
    boolean complete = false;
    try {
      for (Path file : files) {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        channels.put(file, channel);
        SafetensorsHeader header = SafetensorsHeader.read(file, channel);
        metadata.putAll(header.metadata());
        for (TensorInfo tensor : header.tensors().values()) {
          places.computeIfAbsent(tensor.name(), name -> new ArrayList<>()).add(file);
          tensors.put(tensor.name(), tensor);
        }
      }
      SafetensorsIndex.checkAllFound(fileOfTensor, places);
      warnings.addAll(SafetensorsIndex.warnings(fileOfTensor, places));
      complete = true;
      return reader;
    } finally {
      if (!complete) {
        reader.close();
      }
    }
  }

  /**
   * Some of the tensors under other names. It takes over the files: close it, not this reader.
   *
   * @param stored the name in the files by the name to give
   */
  public SafetensorsReader renamed(Map<String, String> stored) {
    Map<String, TensorInfo> renamed = new LinkedHashMap<>();
    stored.forEach(
        (name, inFile) -> {
          TensorInfo info = tensors.get(inFile);
          renamed.put(
              name,
              new TensorInfo(
                  name, info.dtype(), info.shape(), info.file(), info.offset(), info.bytes()));
        });
    return new SafetensorsReader(renamed, metadata, channels, warnings);
  }

  /** What the files hold twice, or elsewhere than their index says; empty as a rule. */
  public List<String> warnings() {
    return warnings;
  }

  /** All tensors by name, in the order of the files and their headers. */
  public Map<String, TensorInfo> tensors() {
    return tensors;
  }

  /** The free-form strings of {@code __metadata__}. */
  public Map<String, String> metadata() {
    return metadata;
  }

  public Optional<TensorInfo> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** The tensor of that name; an error that names it when there is none. */
  public TensorInfo info(String name) throws FormatException {
    TensorInfo info = tensors.get(name);
    if (info == null) {
      throw new FormatException("Cannot read tensor " + name + ": not in " + channels.keySet());
    }
    return info;
  }

  /**
   * A direct, little-endian, read-only view of a whole tensor, its address aligned to the element
   * size. A file written without alignment is the one case that is copied, to native memory.
   */
  public ByteBuffer map(String name) throws IOException {
    return map(name, 0, info(name).bytes());
  }

  /** A view of a part of a tensor; for tensors that one buffer of 2 GiB cannot show. */
  public ByteBuffer map(String name, long byteOffset, long bytes) throws IOException {
    TensorInfo info = info(name);
    if (byteOffset < 0 || bytes < 0 || byteOffset + bytes > info.bytes()) {
      throw new IndexOutOfBoundsException(
          "Invalid range of " + name + ": " + byteOffset + "+" + bytes + " of " + info.bytes());
    }
    if (bytes > Integer.MAX_VALUE) {
      throw new FormatException(
          "Cannot map tensor "
              + name
              + " of "
              + info.file()
              + " at once: "
              + bytes
              + " bytes (one buffer shows at most "
              + Integer.MAX_VALUE
              + "; map it in parts)");
    }
    if (bytes == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    long start = info.offset() + byteOffset;
    FileChannel channel = channels.get(info.file());
    ByteBuffer view = channel.map(FileChannel.MapMode.READ_ONLY, start, bytes);
    if (start % info.dtype().bytes() != 0) {
      view = ByteBuffer.allocateDirect((int) bytes).put(view).flip();
    }
    return view.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Fills the buffer with bytes of a tensor from an offset on, without a map. */
  public void read(String name, long byteOffset, ByteBuffer target) throws IOException {
    TensorInfo info = info(name);
    if (byteOffset < 0 || byteOffset + target.remaining() > info.bytes()) {
      throw new IndexOutOfBoundsException(
          "Invalid range of "
              + name
              + ": "
              + byteOffset
              + "+"
              + target.remaining()
              + " of "
              + info.bytes());
    }
    FileChannel channel = channels.get(info.file());
    long position = info.offset() + byteOffset;
    while (target.hasRemaining()) {
      int read = channel.read(target, position);
      if (read < 0) {
        throw new FormatException(
            "Cannot read tensor " + name + " of " + info.file() + ": the file ends inside it");
      }
      position += read;
    }
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (FileChannel channel : channels.values()) {
      try {
        channel.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
