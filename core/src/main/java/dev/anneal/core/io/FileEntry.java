package dev.anneal.core.io;

/** One child of a folder: its full path, its last name, and its size in bytes (0 for a folder). */
public record FileEntry(String path, String name, boolean folder, long sizeBytes) {}
