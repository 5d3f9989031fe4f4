package dev.anneal.core.format;

import java.nio.file.Path;

/**
 * Where a tensor lies: {@code bytes} bytes from byte {@code offset} of {@code file}, little-endian,
 * row-major.
 */
public record TensorInfo(
    String name, DType dtype, Shape shape, Path file, long offset, long bytes) {}
