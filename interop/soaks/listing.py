"""Listing many files: 200,000 in local folders, 100,000 objects of the S3 test server.

Both with a bounded heap of the driver (-Xmx by --driver-memory). What is measured is the `sample`
job, which lists all inputs and then shows one row, against the same job over one file.
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import measure
from ground import CHECKOUT, options, write_result
from product import Product
from s3 import Store
from tokenizers_made import small_tokenizer

ROW = b'{"text": "one row"}\n'
PER_FOLDER = 1000
MOST_SECONDS = 10  # for 200,000 local files


def name(i: int) -> str:
    return f"{i // PER_FOLDER:04d}/part-{i:06d}.jsonl"


def sampled(product: Product, tokenizer: Path, path: str, submit: list[str]) -> measure.Measured:
    settings = {
        "tokenize.tokenizer": tokenizer,
        "tokenize.stage": "pt",
        "tokenize.inputs": [{"path": path}],
        "sample.rows": 1,
    }
    return measure.measure(product.command("sample", settings, submit=submit))


def compared(product, tokenizer, one: str, many: str, submit: list[str]) -> dict:
    base = sampled(product, tokenizer, one, submit)
    full = sampled(product, tokenizer, many, submit)
    return {
        "seconds_one": round(base.seconds, 2),
        "seconds_all": round(full.seconds, 2),
        "listing_seconds": round(full.seconds - base.seconds, 2),
        "peak_rss_mb_one": round(base.peak_rss_mb),
        "peak_rss_mb_all": round(full.peak_rss_mb),
        "other_cpu_share": round(full.other_cpu_share, 2),
    }


def local(product: Product, tokenizer: Path, ground: Path, files: int, heap: list[str]) -> dict:
    folder = ground / "files"
    for i in range(files):
        if i % PER_FOLDER == 0:
            (folder / name(i)).parent.mkdir(parents=True)
        (folder / name(i)).write_bytes(ROW)
    return compared(product, tokenizer, str(folder / name(0)), str(folder), heap)


def objects(product: Product, tokenizer: Path, ground: Path, count: int, heap: list[str]) -> dict:
    store = Store(ground, "many", heap="1g")
    try:
        names = [name(i) for i in range(count)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: store.put("many", names[i::4], ROW), range(4)))
        submit = [*heap, *store.submit_arguments()]
        return compared(product, tokenizer, f"s3a://many/{name(0)}", "s3a://many/", submit)
    finally:
        store.close()


def main() -> None:
    chosen = options(files=200_000, objects=100_000, heap=512)
    files, count = (2_000, 200) if chosen.smoke else (chosen.files, chosen.objects)
    heap = ["--driver-memory", f"{chosen.heap}m"]
    with tempfile.TemporaryDirectory() as folder:
        ground = Path(folder)
        product = Product(CHECKOUT)
        tokenizer = small_tokenizer(ground / "tokenizer")
        facts = {"heap_mb": chosen.heap}
        facts["local"] = {"files": files, **local(product, tokenizer, ground, files, heap)}
        print(json.dumps(facts), flush=True)
        facts["s3"] = {"objects": count, **objects(product, tokenizer, ground, count, heap)}
    print(json.dumps(facts))
    if facts["local"]["listing_seconds"] > MOST_SECONDS:
        raise SystemExit(f"listing {files} files took more than {MOST_SECONDS} s")
    if not chosen.smoke:
        write_result("listing", facts)


if __name__ == "__main__":
    main()
