package dev.anneal.core.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of one safetensors file, checked as a whole: its length, its JSON, and that the
 * tensors fill the data section without hole or overlap.
 */
record SafetensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {
  /** As the reference implementation: no sane header is longer. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  private static final int LENGTH_BYTES = 8;
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
    long fileBytes = channel.size();
    if (fileBytes < LENGTH_BYTES) {
      throw new FormatException(
          "Cannot read " + file + ": truncated (" + fileBytes + " bytes, no header length)");
    }
    long headerBytes = readFully(file, channel, 0, LENGTH_BYTES).getLong(0);
    if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES) {
      throw new FormatException(
          "Cannot read "
              + file
              + ": not a safetensors file (header length "
              + Long.toUnsignedString(headerBytes)
              + ", allowed are 2 to "
              + MAX_HEADER_BYTES
              + ")");
    }
    if (headerBytes > fileBytes - LENGTH_BYTES) {
      throw new FormatException(
          "Cannot read "
              + file
              + ": truncated (header of "
              + headerBytes
              + " bytes in a file of "
              + fileBytes
              + ")");
    }
    ByteBuffer json = readFully(file, channel, LENGTH_BYTES, (int) headerBytes);
    long dataStart = LENGTH_BYTES + headerBytes;
    return parse(file, json.array(), dataStart, fileBytes - dataStart);
  }

  private static ByteBuffer readFully(Path file, FileChannel channel, long at, int bytes)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw new EOFException("Cannot read " + file + ": it became shorter while read");
      }
    }
    return buffer.flip();
  }

  private static SafetensorsHeader parse(Path file, byte[] json, long dataStart, long dataBytes)
      throws IOException {
    if (json[0] != '{') {
      throw new FormatException(
          "Cannot read " + file + ": not a safetensors file (header does not start with '{')");
    }
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new FormatException(
          "Cannot read " + file + ": header is not JSON: " + e.getOriginalMessage(), e);
    }
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    for (Iterator<Map.Entry<String, JsonNode>> fields = root.fields(); fields.hasNext(); ) {
      Map.Entry<String, JsonNode> field = fields.next();
      if (field.getKey().equals("__metadata__")) {
        field
            .getValue()
            .fields()
            .forEachRemaining(e -> metadata.put(e.getKey(), e.getValue().asText()));
      } else {
        TensorEntry entry = new TensorEntry(file, field.getKey(), field.getValue());
        tensors.put(field.getKey(), entry.toInfo(dataStart, dataBytes));
      }
    }
    checkFilled(file, tensors.values(), dataStart, dataBytes);
    return new SafetensorsHeader(tensors, metadata);
  }

  private static void checkFilled(
      Path file, Iterable<TensorInfo> tensors, long dataStart, long dataBytes)
      throws FormatException {
    List<TensorInfo> byOffset = new ArrayList<>();
    tensors.forEach(byOffset::add);
    byOffset.sort(Comparator.comparingLong(TensorInfo::offset).thenComparing(TensorInfo::bytes));
    long end = dataStart;
    for (TensorInfo tensor : byOffset) {
      if (tensor.offset() != end) {
        throw new FormatException(
            "Cannot read "
                + file
                + ": tensor "
                + tensor.name()
                + (tensor.offset() < end ? " overlaps the one before it" : " follows a hole")
                + " (starts at data byte "
                + (tensor.offset() - dataStart)
                + ", expected "
                + (end - dataStart)
                + ")");
      }
      end += tensor.bytes();
    }
    if (end != dataStart + dataBytes) {
      throw new FormatException(
          "Cannot read "
              + file
              + ": "
              + (dataStart + dataBytes - end)
              + " bytes after the last tensor belong to none");
    }
  }

  /** One tensor's header entry, before its checks. */
  private record TensorEntry(Path file, String name, JsonNode json) {
    TensorInfo toInfo(long dataStart, long dataBytes) throws FormatException {
      if (!(json instanceof ObjectNode)) {
        throw invalid("its entry is not an object");
      }
      String typeName = json.path("dtype").asText();
      DType dtype =
          DType.named(typeName).orElseThrow(() -> invalid("unknown dtype '" + typeName + "'"));
      Shape shape = shape(json.path("shape"));
      JsonNode offsets = json.path("data_offsets");
      if (!offsets.isArray()
          || offsets.size() != 2
          || !offsets.get(0).canConvertToLong()
          || !offsets.get(1).canConvertToLong()) {
        throw invalid("data_offsets is not a pair of numbers");
      }
      long begin = offsets.get(0).asLong();
      long end = offsets.get(1).asLong();
      if (begin < 0 || end < begin) {
        throw invalid("data_offsets [" + begin + ", " + end + "] are not a range");
      }
      if (end > dataBytes) {
        throw invalid(
            "it ends at data byte " + end + " of " + dataBytes + ": the file is truncated");
      }
      if (end - begin != expectedBytes(dtype, shape)) {
        throw invalid(
            typeName
                + shape
                + " takes "
                + expectedBytes(dtype, shape)
                + " bytes, not "
                + (end - begin));
      }
      return new TensorInfo(name, dtype, shape, file, dataStart + begin, end - begin);
    }

    private Shape shape(JsonNode dimensions) throws FormatException {
      if (!dimensions.isArray()) {
        throw invalid("it has no shape");
      }
      List<Long> sizes = new ArrayList<>();
      for (JsonNode dimension : dimensions) {
        if (!dimension.isIntegralNumber()
            || !dimension.canConvertToLong()
            || dimension.asLong() < 0) {
          throw invalid("shape " + dimensions + " is not a list of sizes");
        }
        sizes.add(dimension.asLong());
      }
      return new Shape(sizes);
    }

    private long expectedBytes(DType dtype, Shape shape) throws FormatException {
      try {
        return Math.multiplyExact(shape.elements(), dtype.bytes());
      } catch (ArithmeticException e) {
        throw invalid("shape " + shape + " is absurdly large");
      }
    }

    private FormatException invalid(String reason) {
      return new FormatException("Cannot read " + file + ": tensor " + name + ": " + reason);
    }
  }
}
