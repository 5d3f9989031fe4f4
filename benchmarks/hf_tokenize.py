"""What `datasets.map` makes of the same files: tokenize, group to blocks, save.

Usage: hf_tokenize.py CORPUS TOKENIZER BLOCK PROCESSES OUTPUT
Prints RESULT with the seconds of reading, mapping and saving; imports are not in them. The cache
is off, batches have 1000 rows, the tokenizer is the fast one, as people run it.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from itertools import chain


def main() -> None:
    corpus, folder, block, processes, output = sys.argv[1:]
    block, processes = int(block), int(processes)
    import datasets
    from transformers import AutoTokenizer

    datasets.disable_caching()
    datasets.disable_progress_bars()
    tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True)
    eos = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    cache = tempfile.mkdtemp()

    def encode(batch):
        ids = tokenizer(
            batch["text"], add_special_tokens=False, return_attention_mask=False, verbose=False
        )["input_ids"]
        return {"input_ids": [row + [eos] for row in ids if row]}

    def group(batch):
        stream = list(chain.from_iterable(batch["input_ids"]))
        return {"input_ids": [stream[i : i + block] for i in range(0, len(stream), block)]}

    start = time.monotonic()
    rows = datasets.load_dataset("json", data_files=corpus, split="train", cache_dir=cache)
    loaded = time.monotonic()
    options = {"batched": True, "batch_size": 1000, "num_proc": processes}
    rows = rows.map(encode, remove_columns=rows.column_names, **options)
    encoded = time.monotonic()
    rows = rows.map(group, **options)
    grouped = time.monotonic()
    rows.save_to_disk(output)
    end = time.monotonic()
    shutil.rmtree(cache)
    tokens = sum(len(row) for row in rows.with_format("numpy")["input_ids"][:])
    facts = {
        "seconds": end - start,
        "load": loaded - start,
        "encode": encoded - loaded,
        "group": grouped - encoded,
        "save": end - grouped,
        "tokens": tokens,
    }
    print("RESULT " + json.dumps(facts))


if __name__ == "__main__":
    main()
