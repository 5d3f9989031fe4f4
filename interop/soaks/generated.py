"""Generated corpora: words of several scripts, escapes, one seed one file."""

from __future__ import annotations

import json
import random
from pathlib import Path

LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
HAN = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可"
)
BLOCK_CHARACTERS = 4_000_000


def block(seed: int) -> str:
    """Some megabytes of text: words by Zipf's law, a tenth of the paragraphs in Chinese."""
    rng = random.Random(seed)
    words = ["".join(rng.choices(LETTERS, k=rng.randint(1, 9))) for _ in range(20_000)]
    weights = [1 / (i + 2) for i in range(len(words))]
    parts, size = [], 0
    while size < BLOCK_CHARACTERS:
        if rng.random() < 0.1:
            paragraph = "".join(rng.choices(HAN, k=200)) + "。"
        else:
            paragraph = " ".join(rng.choices(words, weights, k=80)) + '. "quoted"\t'
        parts.append(paragraph + "\n")
        size += len(paragraph)
    return "".join(parts)


def write_corpus(path: Path, total_bytes: int, long_bytes: int = 0, seed: int = 5) -> int:
    """jsonl of at least this size with one document of `long_bytes` in it; gives the rows."""
    rng = random.Random(seed)
    text = block(seed)
    inner = json.dumps(text, ensure_ascii=False)[1:-1].encode()
    rows = written = 0
    long_at = total_bytes // 3 if long_bytes else -1
    with path.open("wb") as out:
        while written < total_bytes:
            if 0 <= long_at <= written:
                long_at = -1
                written += out.write(b'{"text": "')
                end = written + long_bytes
                while written < end:
                    written += out.write(inner)
                written += out.write(b'", "kind": "long"}\n')
            else:
                start = rng.randrange(len(text) - 30_000)
                document = text[start : start + rng.randint(200, 30_000)]
                row = json.dumps({"id": rows, "text": document}, ensure_ascii=False) + "\n"
                written += out.write(row.encode())
            rows += 1
    return rows
