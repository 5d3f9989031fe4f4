package dev.anneal.core.format;

/** A finished file: its path, its length, and the SHA-256 of its bytes as they were written. */
public record WrittenFile(String path, long bytes, String sha256) {}
