package dev.anneal.core.format;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.anneal.core.io.FileStore;
import dev.anneal.core.io.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes safetensors files through a {@link FileStore}, tensor by tensor, never holding more than a
 * small buffer. The same tensors give the same bytes. The header is padded so that the data starts
 * at a multiple of 8, and larger element types come first, so that every tensor is aligned.
 */
public final class SafetensorsWriter {
  /** What PyTorch-side loaders look for. */
  public static final Map<String, String> PYTORCH_METADATA = Map.of("format", "pt");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ALIGNMENT = 8;

  private final FileStore store;

  public SafetensorsWriter(FileStore store) {
    this.store = store;
  }

  /** Writes one file. A failure leaves what was at the path before. */
  public WrittenFile write(String path, List<TensorSource> tensors, Map<String, String> metadata)
      throws IOException {
    List<TensorSource> ordered = ordered(tensors);
    byte[] header = header(ordered, metadata);
    HashingOutput[] written = new HashingOutput[1];
    store.write(
        path,
        out -> {
          HashingOutput hashing = new HashingOutput(out);
          hashing.write(
              ByteBuffer.allocate(Long.BYTES)
                  .order(ByteOrder.LITTLE_ENDIAN)
                  .putLong(0, header.length));
          hashing.write(ByteBuffer.wrap(header));
          for (TensorSource tensor : ordered) {
            writeTensor(path, tensor, hashing);
          }
          written[0] = hashing;
        });
    return new WrittenFile(path, written[0].bytes, written[0].sha.hex());
  }

  private static void writeTensor(String path, TensorSource tensor, HashingOutput out)
      throws IOException {
    long before = out.bytes;
    tensor.chunks().writeTo(out::write);
    if (out.bytes - before != tensor.bytes()) {
      throw new IOException(
          "Cannot write "
              + path
              + ": tensor "
              + tensor.name()
              + " gave "
              + (out.bytes - before)
              + " bytes, "
              + tensor.dtype()
              + tensor.shape()
              + " takes "
              + tensor.bytes());
    }
  }

  private static List<TensorSource> ordered(List<TensorSource> tensors) {
    Set<String> names = new HashSet<>();
    for (TensorSource tensor : tensors) {
      if (!names.add(tensor.name())) {
        throw new IllegalArgumentException("Invalid tensors: " + tensor.name() + " comes twice");
      }
    }
    List<TensorSource> ordered = new ArrayList<>(tensors);
    ordered.sort(Comparator.comparingInt(tensor -> -tensor.dtype().bytes()));
    return ordered;
  }

  private static byte[] header(List<TensorSource> tensors, Map<String, String> metadata)
      throws IOException {
    ObjectNode root = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode strings = root.putObject("__metadata__");
      new TreeMap<>(metadata).forEach(strings::put);
    }
    long offset = 0;
    for (TensorSource tensor : tensors) {
      ObjectNode entry = root.putObject(tensor.name());
      entry.put("dtype", tensor.dtype().name());
      tensor.shape().dimensions().forEach(entry.putArray("shape")::add);
      entry.putArray("data_offsets").add(offset).add(offset + tensor.bytes());
      offset += tensor.bytes();
    }
    byte[] json = JSON.writeValueAsBytes(root);
    int padded = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    byte[] header = Arrays.copyOf(json, padded);
    Arrays.fill(header, json.length, padded, (byte) ' ');
    return header;
  }

  /** Counts and hashes what passes; takes buffers of any kind. */
  private static final class HashingOutput {
    private static final int COPY_BYTES = 1 << 18;

    private final OutputStream out;
    private final Sha256 sha = new Sha256();
    private final byte[] copy = new byte[COPY_BYTES];
    private long bytes;

    HashingOutput(OutputStream out) {
      this.out = out;
    }

    void write(ByteBuffer chunk) throws IOException {
      while (chunk.hasRemaining()) {
        int count = Math.min(copy.length, chunk.remaining());
        chunk.get(copy, 0, count);
        sha.update(copy, 0, count);
        out.write(copy, 0, count);
        bytes += count;
      }
    }
  }
}
