package dev.anneal.core.model.config;

import java.util.List;

/** How attention is computed: the program texts of each way. */
public enum AttentionKernel {
  /** A block of queries at a time by the products of the program: fp32 on the CPU. */
  BLOCKS("attention-blocks.torchscript"),
  /** A sequence at a time by libtorch's flash kernels of the CPU: 16 bits on the CPU. */
  FLASH_CPU(
      "attention-tokens.torchscript",
      "attention-sequences.torchscript",
      "attention-flash-cpu.torchscript"),
  /** All sequences at once by the flash kernels for CUDA, 16 bits alone. */
  VARLEN(
      "attention-tokens.torchscript",
      "attention-packed.torchscript",
      "attention-varlen.torchscript"),
  /** All sequences at once by the memory-efficient kernels for CUDA: fp32, older cards. */
  EFFICIENT(
      "attention-tokens.torchscript",
      "attention-packed.torchscript",
      "attention-efficient.torchscript"),
  /** A sequence at a time by the formula: the reference, on any device. */
  MATH(
      "attention-tokens.torchscript",
      "attention-sequences.torchscript",
      "attention-math.torchscript");

  private final List<String> resources;

  AttentionKernel(String... resources) {
    this.resources = List.of(resources);
  }

  /** Program texts, by their names beside the decoder's. */
  public List<String> resources() {
    return resources;
  }

  /** Whether it takes all sequences at once, by their boundaries. */
  public boolean readsBoundaries() {
    return resources.contains("attention-packed.torchscript");
  }

  /** The fastest one on the CPU. */
  public static AttentionKernel onCpu(Precision precision) {
    return precision.half() ? FLASH_CPU : BLOCKS;
  }
}
