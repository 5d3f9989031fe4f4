"""Documents in one file, for our Java side and for a peer alike."""

from __future__ import annotations

import struct
from pathlib import Path

BATCH_CHARACTERS = 1 << 21


def read(file: Path):
    """The texts that a Documents wrote."""
    with file.open("rb") as data:
        while (length := struct.unpack(">i", data.read(4))[0]) >= 0:
            yield data.read(length).decode()


class Documents:
    """Texts in the file that the Java side reads: length and UTF-8 bytes each, then -1."""

    def __init__(self, name: str, file: Path, texts):
        self.name, self.file = name, file
        self.count = self.bytes = 0
        with file.open("wb") as out:
            for text in texts:
                utf8 = text.encode()
                out.write(struct.pack(">i", len(utf8)) + utf8)
                self.count += 1
                self.bytes += len(utf8)
            out.write(struct.pack(">i", -1))

    def batches(self):
        texts, size = [], 0
        for text in read(self.file):
            texts.append(text)
            size += len(text)
            if size > BATCH_CHARACTERS:
                yield texts
                texts, size = [], 0
        if texts:
            yield texts
