"""One run of Hugging Face tokenizers over a file of documents; started by tokenizer.py.

Usage: hf_tokenizer.py TOKENIZER DOCUMENTS SECONDS
`encode_batch_fast` on batches of 1000 documents, the threads as RAYON_NUM_THREADS says. Prints
`PASS seconds tokens cpu_seconds` for each pass over all documents until the passes took so many
seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import tokenizers
from documents import read

BATCH = 1000
PASSES = 2


def main() -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(Path(sys.argv[1]) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = list(read(Path(sys.argv[2])))
    batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
    limit, total, passes = float(sys.argv[3]), 0.0, 0
    while passes < PASSES or total < limit:
        tokens, seconds, cpu_seconds = 0, 0.0, 0.0
        for batch in batches:
            start, cpu = time.perf_counter(), time.process_time()
            encodings = tokenizer.encode_batch_fast(batch, add_special_tokens=False)
            seconds += time.perf_counter() - start
            cpu_seconds += time.process_time() - cpu
            tokens += sum(len(encoding) for encoding in encodings)
        print(f"PASS {seconds} {tokens} {cpu_seconds}", flush=True)
        total += seconds
        passes += 1


if __name__ == "__main__":
    main()
